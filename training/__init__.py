"""Training of the bundled networks: damage, data, tasks, the loop, export."""

import os

# albumentations asks a server for its newest version when it is imported; training works offline.
os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")
