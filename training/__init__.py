"""How the networks in the box were made: damage, data, loops, export."""

import os

# albumentations asks a server for its newest version when it is imported; nothing here may call out.
os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")
