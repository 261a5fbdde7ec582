"""Asks the Python snippet about each token on standard input."""

import json
import sys

from snippet import clearance

answers = []
for token in json.load(sys.stdin):
    try:
        found = clearance(token)
        answers.append({"jti": found["jti"] if isinstance(found, dict) else found.jti})
    except Exception as error:
        answers.append({"refused": repr(error)})
json.dump(answers, sys.stdout)
