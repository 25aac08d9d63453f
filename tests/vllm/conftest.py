"""The vLLM server that `make test-vllm` starts, and what the same checkpoint says in this process.

The server shows what no fake can: whether it leaves an assistant's turn open, counts what it found
in its prefix cache, and calculates as transformers does. Without one, these tests are skipped.
"""

from __future__ import annotations

import os
import urllib.request
from dataclasses import dataclass
from typing import Any

import pytest

from unswayed import prompts
from unswayed.models import Decoding, Request, request_of
from unswayed.organism import weights_folder
from unswayed.pipeline.evaluation import Evaluation
from unswayed.pipeline.settings import Settings
from unswayed.pipeline.stages import begin
from unswayed.pipeline.variants import make_variants
from unswayed.run.folder import RunFolder
from unswayed.types import Generation

VARIANTS = (
    "base",
    "stop-think",
    "wrong-think",
    "wrong-think-but",
    "correct-think",
    "neutral-think",
    "wrong-caption",
    "wrong-caption-disclaimer",
    "correct-caption",
    "neutral-caption",
    "abstain",
    "abstain+wrong-think",
    "shuffle+wrong-caption",
)
SAMPLES = 8
DECODING = Decoding(max_new_tokens=160)


@dataclass(frozen=True)
class Server:
    """Where the server is. Its key stays in the environment, under the name `key`."""

    url: str
    model: str
    key: str = "UNSWAYED_VLLM_KEY"

    def spec(self, **options: object) -> str:
        """Return the model as the command line names it."""
        given = {"base_url": self.url, "key": self.key, **options}
        return f"vllm:{self.model}," + ",".join(f"{k}={v}" for k, v in given.items())

    def count(self, name: str) -> float:
        """Return one of the server's own counters, such as `vllm:prefix_cache_hits_total`."""
        address = self.url.removesuffix("/v1") + "/metrics"
        with urllib.request.urlopen(address, timeout=60) as reply:
            lines = reply.read().decode().splitlines()
        found = [float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(name + "{")]
        assert found, f"the server counts no {name}"
        return sum(found)


@pytest.fixture(scope="session")
def server() -> Server:
    url = os.environ.get("UNSWAYED_VLLM_URL")
    if not url:
        pytest.skip("needs a vLLM server: make test-vllm")
    return Server(url, os.environ["UNSWAYED_VLLM_MODEL"])


@pytest.fixture(scope="session")
def shown(server: Server, tmp_path_factory: pytest.TempPathFactory) -> list[Request]:
    """Every kind of text variant of some scenes, as the pipeline shows them."""
    settings = Settings(model="organism", benchmarks=(f"scenes,n={SAMPLES}",), variants=VARIANTS)
    work, run = Evaluation(settings), RunFolder(tmp_path_factory.mktemp("shown"))
    begin(run, work)
    make_variants(run, work)
    profile = prompts.profile("organism")
    return [
        request_of(variant, run.folder, profile.system, prompts.render_user(variant, profile))
        for variant in run.variants
    ]


@pytest.fixture(scope="session")
def checkpoint(server: Server) -> Any:
    """The served checkpoint in this process, in float32 as it is served."""
    from unswayed.models.transformers.backend import Backend

    return Backend(str(weights_folder("final")), dtype="float32", device="cpu")


@pytest.fixture(scope="session")
def in_process(checkpoint: Any, shown: list[Request]) -> list[Generation]:
    """What the transformers backend makes of the same prompts."""
    return _batched(checkpoint, shown, DECODING)


@pytest.fixture(scope="session")
def in_process_forced(checkpoint: Any, shown: list[Request]) -> list[Generation]:
    """The same, cut off after four tokens."""
    return _batched(checkpoint, shown, Decoding(max_new_tokens=4, force_answer=True))


def _batched(model: Any, shown: list[Request], decoding: Decoding) -> list[Generation]:
    starts = range(0, len(shown), len(VARIANTS))
    parts = (shown[start : start + len(VARIANTS)] for start in starts)
    return [made for part in parts for made in model.generate(part, decoding)]


@pytest.fixture(scope="session")
def decoding() -> Decoding:
    return DECODING
