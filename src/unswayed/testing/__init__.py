"""Contract tests for the author of a plug-in: each raises an AssertionError with a sentence.

    from unswayed.testing import check_benchmark
    from my_package import MyBenchmark

    def test_my_benchmark():
        check_benchmark(MyBenchmark())

They hold an object against the protocol of its kind and against what the pipeline relies on: the
same result each time, one record for each item in order, golds among the options, a failure that is
recorded and not raised. They need nothing but this package; the questions are drawn by `scenes`.
"""

from unswayed.testing.benchmarks import check_benchmark
from unswayed.testing.judges import check_judge
from unswayed.testing.models import check_model
from unswayed.testing.perturbations import check_perturbation, check_text_source
from unswayed.testing.profiles import check_profile
from unswayed.testing.rewards import check_reward

__all__ = [
    "check_benchmark",
    "check_judge",
    "check_model",
    "check_perturbation",
    "check_profile",
    "check_reward",
    "check_text_source",
]
