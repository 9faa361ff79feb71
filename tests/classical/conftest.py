"""Results of R metafor and R meta (versions are in the file), read once."""

import gzip
import json
from pathlib import Path

import pytest

REFERENCE = Path(__file__).parents[1] / "reference" / "classical.json.gz"


@pytest.fixture(scope="session")
def reference():
    return json.loads(gzip.decompress(REFERENCE.read_bytes()))
