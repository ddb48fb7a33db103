"""Hypothesis without a deadline, so that a busy machine fails no test, and without chance unless it is asked for.

`HYPOTHESIS_PROFILE=search` draws other examples each time, `quick` a few of them.
"""

from __future__ import annotations

import os

from hypothesis import settings

settings.register_profile("steady", deadline=None, derandomize=True, database=None)
settings.register_profile("search", deadline=None)
settings.register_profile("quick", deadline=None, derandomize=True, database=None, max_examples=10)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))
