"""Settings of every test: properties are tried with the same examples each time, and no clock decides."""

import hypothesis

hypothesis.settings.register_profile("studio", deadline=None, derandomize=True)
hypothesis.settings.load_profile("studio")
