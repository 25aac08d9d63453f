"""Let the torchvision that was built for CUDA import beside a torch that was not.

Its compiled part cannot load there, so the schemas of two operators are missing, and the import
dies when it registers their shapes. Declared first, they let the rest load: the transforms that
picture processors need are plain Python. The operators themselves do not work; nothing here calls
them. A `.pth` file beside this one imports it whenever Python starts.
"""

import importlib.abc
import sys

_SCHEMAS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)
_libraries = []  # a library that is collected takes its schemas with it


class _BeforeTorchvision(importlib.abc.MetaPathFinder):
    """Finds nothing; declares the operators when torchvision is asked for."""

    def find_spec(self, name, path=None, target=None):
        if name == "torchvision":
            sys.meta_path.remove(self)
            _declare()


def _declare():
    import torch

    if torch.version.cuda is None and not hasattr(torch.ops.torchvision, "nms"):
        library = torch.library.Library("torchvision", "FRAGMENT")
        for schema in _SCHEMAS:
            library.define(schema)
        _libraries.append(library)


sys.meta_path.insert(0, _BeforeTorchvision())
