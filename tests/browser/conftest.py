# SPDX-License-Identifier: Apache-2.0
"""The browser tests use the scenario tests' helpers for the gateway and the origins' CA."""
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "scenario"))
