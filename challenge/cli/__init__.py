"""`flask challenge ...`: keys, settings, a check-up and a simulation, for the operator."""

from __future__ import annotations

from flask.cli import AppGroup

from .bans import bans
from .doctor import doctor
from .embed import embed
from .keys import keys
from .settings import config
from .simulate import simulate

challenge = AppGroup("challenge", help="Tallygate: keys, settings, and what is wrong with them.")
challenge.add_command(bans)
challenge.add_command(keys)
challenge.add_command(config)
challenge.add_command(doctor)
challenge.add_command(embed)
challenge.add_command(simulate)
