"""A form of django-turnstile: python django_form.py URL SECRET RESPONSE...

Prints whether the form is valid with each response, and the form's HTML.
"""

import json
import sys

import django
from django.conf import settings

url, secret, *responses = sys.argv[1:]
settings.configure(
    INSTALLED_APPS=["turnstile"],
    USE_I18N=False,
    TURNSTILE_VERIFY_URL=url,
    TURNSTILE_JS_API_URL="/challenge/static/challenge.js",
    TURNSTILE_SITEKEY="main",
    TURNSTILE_SECRET=secret,
    TURNSTILE_DEFAULT_CONFIG={"action": "signup", "response-field-name": "cf-turnstile-response"},
)
django.setup()

# Its settings are read as it is imported.
from django import forms  # noqa: E402
from turnstile.fields import TurnstileField  # noqa: E402


class SignUp(forms.Form):
    turnstile = TurnstileField()


valid = [SignUp({"cf-turnstile-response": response}).is_valid() for response in responses]
print(json.dumps({"valid": valid, "html": SignUp().as_p()}))
