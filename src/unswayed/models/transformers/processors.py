"""Load a checkpoint's processor, also where torchvision is not installed.

`AutoProcessor` refuses the Qwen-VL families without torchvision, because their *video* processor
needs it. unswayed shows pictures only, so there the processor is put together from its image part
and its tokenizer.
"""

# torch and transformers are typed in part, so what comes from them is of unknown type here.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false
from __future__ import annotations

import json
import re
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import transformers
from transformers import AutoConfig, AutoProcessor, AutoTokenizer
from transformers.models.auto.processing_auto import PROCESSOR_MAPPING_NAMES
from transformers.utils.hub import cached_file

from unswayed.errors import ModelError, first_line
from unswayed.models.transformers.checkpoint import hub_options

OLDEST = (5, 5)
"""The first transformers that reads pictures without torchvision."""

_TOKENIZER_FILES = ("tokenizer.json", "tokenizer.model", "vocab.json", "vocab.txt")
_PICTURE_FILES = ("preprocessor_config.json", "processor_config.json")
_INSTALL = "install the torchvision that belongs to your torch, so that AutoProcessor can load it"


def load_processor(path: str, **options: Any) -> Any:
    """Return a processor that takes `text` and `images`.

    Args:
        path: checkpoint folder or hub id.
        options: passed on to `from_pretrained` (`revision`, `trust_remote_code`, `max_pixels` …).

    Raises:
        ModelError: the checkpoint has no usable processor or no chat template.
    """
    _check_transformers()
    _check_files(Path(path))
    options |= hub_options(path, options.get("revision"))
    try:
        processor = _load(path, options)
    except ImportError as error:
        raise ModelError(f"cannot load the processor of {path}: {first_line(error)}") from error
    except (OSError, ValueError, KeyError, json.JSONDecodeError) as error:
        raise ModelError(
            f"cannot load the processor and tokenizer of {path}: {first_line(error)}; expected "
            "preprocessor_config.json and tokenizer files beside the weights"
        ) from error
    if getattr(processor, "image_processor", None) is None:
        raise ModelError(f"{path} has no image processor, so it cannot be shown a picture")
    if not (getattr(processor, "chat_template", None) or processor.tokenizer.chat_template):
        raise ModelError(
            f"{path} has no chat template, so there is no assistant turn to leave open; add a "
            "chat_template.jinja to the checkpoint"
        )
    processor.chat_template = processor.chat_template or processor.tokenizer.chat_template
    return processor


def check_fit(path: str, model: Any, processor: Any) -> None:
    """Refuse a tokenizer that was not made for the weights beside it.

    Args:
        path: where both came from, for the message.
        model: the loaded model.
        processor: the loaded processor.

    Raises:
        ModelError: the tokenizer has more tokens than the weights, or another picture token.
    """
    advice = "use the tokenizer that belongs to the weights"
    rows, tokens = model.get_input_embeddings().weight.shape[0], len(processor.tokenizer)
    if tokens > rows:
        raise ModelError(
            f"expected a tokenizer of at most {rows} tokens at {path}, found {tokens}; {advice}"
        )
    wanted = getattr(model.config, "image_token_id", None)
    token = getattr(processor, "image_token", None)
    if wanted is None or token is None:
        return
    token_id = processor.tokenizer.convert_tokens_to_ids(token)
    if token_id != wanted and not _stands_for_pictures(processor, wanted):
        raise ModelError(
            f"expected a tokenizer at {path} that gives {token} the id {wanted} of config.json, "
            f"found {token_id}; {advice}"
        )


def _stands_for_pictures(processor: Any, token_id: int) -> bool:
    """Whether an id is a picture's by its name: some processors put it in another one's place."""
    added = processor.tokenizer.added_tokens_decoder.get(token_id)
    return added is not None and re.search("im(a)?g", str(added), re.IGNORECASE) is not None


def _check_transformers() -> None:
    version = transformers.__version__
    if tuple(int(part) for part in version.split(".")[:2] if part.isdecimal()) < OLDEST:
        wanted = ".".join(map(str, OLDEST))
        raise ModelError(
            f"expected transformers {wanted} or later, found {version}; run: pip install -U "
            f"'transformers>={wanted}'"
        )


def _check_files(folder: Path) -> None:
    parts = {"a tokenizer": _TOKENIZER_FILES, "an image processor": _PICTURE_FILES}
    for part, names in parts.items():
        if folder.is_dir() and not any((folder / name).is_file() for name in names):
            raise ModelError(
                f"expected {part} ({' or '.join(names)}) in the checkpoint folder {folder}, found "
                "none; copy it from where the weights came from"
            )


def _load(path: str, options: dict[str, Any]) -> Any:
    try:
        return AutoProcessor.from_pretrained(path, **options)
    except (ImportError, AttributeError, ValueError):
        # Without torchvision a missing video part ends in any of these, depending on the family.
        if find_spec("torchvision") is not None:
            raise
    return _without_video(path, options)


def _without_video(path: str, options: dict[str, Any]) -> Any:
    """Put the processor together from its image part and its tokenizer."""
    names = ("revision", "trust_remote_code", "local_files_only")
    hub = {name: value for name, value in options.items() if name in names}
    config = AutoConfig.from_pretrained(path, **hub)
    parts = {
        "tokenizer": AutoTokenizer.from_pretrained(path, **hub),
        "image_processor": _pillow_class(path, hub).from_pretrained(path, **options),
    }
    named = _settings(path, hub).get("processor_class")
    name = named or PROCESSOR_MAPPING_NAMES.get(config.model_type)
    return _image_text_class(name, config.model_type, parts).from_pretrained(path, **hub)


def _pillow_class(path: str, hub: dict[str, Any]) -> Any:
    """Return the Pillow edition of the image processor that the checkpoint names.

    `AutoImageProcessor` itself refuses to be used without torchvision.
    """
    settings = _settings(path, hub)
    settings = settings.get("image_processor", settings)
    if "image_processor_type" not in settings:
        raise ModelError(
            f"expected a preprocessor_config.json with an image_processor_type at {path}"
        )
    name = settings["image_processor_type"].removesuffix("Fast").removesuffix("Pil") + "Pil"
    if (found := _class_named(name)) is None:
        raise ModelError(f"transformers has no {name} for {path}; {_INSTALL}")
    return found


def _settings(path: str, hub: dict[str, Any]) -> dict[str, Any]:
    """Return what the checkpoint says of its processor, of all of its files together."""
    options = {name: value for name, value in hub.items() if name != "trust_remote_code"}
    settings: dict[str, Any] = {}
    for file in _PICTURE_FILES:
        found = cached_file(path, file, **options, _raise_exceptions_for_missing_entries=False)
        settings |= json.loads(Path(found).read_text("utf-8")) if found else {}
    return settings


def _class_named(name: str) -> Any:
    """Return a class of transformers; None where there is none, or it needs torchvision itself.

    Without torchvision transformers puts a stand-in in the place of every class of some modules,
    also of those that do without it.
    """
    try:
        found: Any = getattr(transformers, name, None)
        if getattr(found, "is_dummy", False):
            found = getattr(import_module(found.__module__), name, None)
    except ModuleNotFoundError:
        return None
    return found


def _image_text_class(name: str | None, model_type: str, parts: dict[str, Any]) -> Any:
    """Return the family's processor class, made to take the parts given and no others.

    Raises:
        ModelError: the family has no processor class of its own, or not without torchvision.
    """
    if name is None:
        raise ModelError(
            f"no processor class is known for the model type {model_type!r}; {_INSTALL}, or use a "
            "checkpoint of a known family"
        )
    family = _class_named(name)
    if family is None:
        raise ModelError(f"{name} reads pictures with torchvision, which is missing; {_INSTALL}")

    class ImageTextProcessor(family):
        """The family's processor without its video part."""

        @classmethod
        def _get_arguments_from_pretrained(cls, *_: Any, **__: Any) -> list[Any]:
            return [parts.get(attribute) for attribute in cls.get_attributes()]

        def check_argument_for_proper_class(self, argument_name: str, argument: Any) -> Any:
            if argument is None:  # the part that is left out
                return None
            return super().check_argument_for_proper_class(argument_name, argument)

    ImageTextProcessor.__name__ = name
    return ImageTextProcessor
