"""Profiles, the wording around a question, and the open tail of a chat template."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unswayed import prompts
from unswayed.errors import ConfigError, ModelError, UnknownName
from unswayed.perturbations import Context
from unswayed.perturbations.composition import TEXT_VARIANTS, compose, variants_of
from unswayed.perturbations.texts.templates import Templates
from unswayed.prompts import Profile, open_tail, profile, render_user, shipped
from unswayed.types import Sample, Variant

# How Qwen2-VL and Qwen2.5-VL Instruct render a chat of text and pictures (Qwen, Apache-2.0).
QWEN = (
    "{% for message in messages %}{% if loop.first and message['role'] != 'system' %}"
    "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n{% endif %}"
    "<|im_start|>{{ message['role'] }}\n"
    "{% if message['content'] is string %}{{ message['content'] }}<|im_end|>\n{% else %}"
    "{% for content in message['content'] %}"
    "{% if content['type'] == 'image' or 'image' in content or 'image_url' in content %}"
    "<|vision_start|><|image_pad|><|vision_end|>"
    "{% elif 'text' in content %}{{ content['text'] }}{% endif %}{% endfor %}<|im_end|>\n"
    "{% endif %}{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
TEXT = "{% for p in m['content'] %}{{ p['text'] if 'text' in p else '<image>\n' }}{% endfor %}"
OPENING = QWEN.replace("assistant\n{% endif %}", "assistant\n<think>\n{% endif %}")
VICUNA = (
    "{% for m in messages %}{{ '' if m['role'] == 'system' else m['role'].upper() + ': ' }}"
    + TEXT
    + "{{ ' ' }}{% endfor %}{% if add_generation_prompt %}{{ 'ASSISTANT:' }}{% endif %}"
)
CLOSING = (
    "{% for m in messages %}<|{{ m['role'] }}|>"
    + TEXT
    + "<|end|>\n{% endfor %}"
    + "{% if add_generation_prompt %}<|assistant|>\n{% else %}<|endoftext|>{% endif %}"
)
TRIMMING = "{% for m in messages %}[{{ m['role'] }}]{{ (" + "m['content'][-1]['text']" + ")|trim }}"
TRIMMING += "{% endfor %}{% if add_generation_prompt %}[assistant]{% endif %}"
PLAIN = "{% for m in messages %}{{ m['role'] }}: " + TEXT + "\n{% endfor %}"
BLANK = PLAIN + "{% if add_generation_prompt %}\n \n{% endif %}"
SHOUTING = PLAIN.replace(TEXT, "{{ m['content'][-1]['text']|upper }}") + (
    "{% if add_generation_prompt %}assistant: {% endif %}"
)
FIRST = "{% if add_generation_prompt %}assistant: {% endif %}" + PLAIN
REFUSING = "{{ raise_exception('System role not supported') }}"


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    pytest.importorskip("transformers")
    from unswayed.organism.architecture import build_tokenizer

    return build_tokenizer()


@pytest.fixture
def variants(sample: Sample) -> list[Variant]:
    recipes = [compose(name) for name in (*TEXT_VARIANTS, "abstain+wrong-think")]
    return list(variants_of(sample, recipes, Context(Templates())))


def chat(user: str, system: str = "Think first.") -> list[dict[str, Any]]:
    picture = {"type": "image"}
    return [
        {"role": "system", "content": [{"type": "text", "text": system}]},
        {"role": "user", "content": [picture, {"type": "text", "text": user}]},
    ]


def rendered(tokenizer: Any, template: str, messages: list[dict[str, Any]], prefill: str) -> str:
    tokenizer.chat_template = template
    return open_tail(tokenizer.apply_chat_template, messages, prefill)


# Wording


def test_the_default_wording(sample: Sample) -> None:
    variant = Variant(
        id="x",
        sample=sample,
        name="base",
        options=sample.options,
        answer=sample.answer,
    )
    assert render_user(variant, profile("default")) == (
        "Question: Which one is red?\nOptions:\nA. the chair\nB. the table\nC. the lamp"
    )


def test_caption_and_draft_have_their_places(sample: Sample) -> None:
    variant = Variant(
        id="x",
        sample=sample,
        name="both",
        options={"A": "x"},
        answer="A",
        caption="A red table",
        draft="It is x",
    )
    asked = Profile(name="p", before="Look.", after="Answer.", option="({letter}) {text}")
    assert render_user(variant, asked).split("\n") == [
        "Look.",
        "Caption: A red table",
        "Question: Which one is red?",
        "Options:",
        "(A) x",
        "Answer.",
        "Draft reasoning: It is x",
    ]


@given(
    st.text(min_size=1), st.text(min_size=1).filter(lambda t: "\n" not in t), st.text(min_size=1)
)
def test_questions_and_options_are_shown_as_they_are(
    question: str, option: str, caption: str
) -> None:
    """Braces, format strings and field names in data are data."""
    sample = Sample(
        id="s",
        benchmark="b",
        images=(),
        question=question + "{text}{letter}{0}%s",
        options={"A": option + "{question}", "B": "{letter}"},
        answer="A",
        cluster="c",
    )
    variant = Variant(
        id="x",
        sample=sample,
        name="n",
        options=sample.options,
        answer="A",
        caption=caption + "{question}",
    )
    assert render_user(variant, profile("default")) == (
        f"Caption: {caption}{{question}}\nQuestion: {question}{{text}}{{letter}}{{0}}%s\n"
        f"Options:\nA. {option}{{question}}\nB. {{letter}}"
    )


# Profiles


def test_every_shipped_profile_is_whole() -> None:
    assert {"default", "organism"} <= set(shipped())
    for name, found in shipped().items():
        assert found.name == name
        assert found.source, name


def test_unknown_profiles_have_near_matches() -> None:
    with pytest.raises(UnknownName, match="unknown profile 'defualt'; did you mean default"):
        profile("defualt")


def test_a_profile_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('[short]\nquestion = "{question}"\noptions = ""\n')
    assert profile(f"{path}:short").question == "{question}"
    with pytest.raises(UnknownName, match="unknown profile 'long'; known: short"):
        profile(f"{path}:long")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[a", "is no profile file"),
        ("a = 1", "is no profile file"),
        ("[a]\nquestion = 'no field'", r"profile field 'question': .*\{question\} exactly once"),
        ("[a]\nquestion = '{question}{question}'", "exactly once"),
        ("[a]\noption = '{letter}'", r"profile field 'option'.*\{letter\} and \{text\}"),
        ("[a]\ntemprature = 1", "profile field 'temprature'"),
        ("[a]\ntemperature = -1", "profile field 'temperature'"),
        ("[a]\nname = 'b'", "is no profile file"),
    ],
)
def test_broken_profile_files(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=said) as error:
        profile(f"{path}:a")
    assert str(path) in str(error.value)
    assert len(str(error.value).splitlines()) == 1


def test_a_profile_file_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot read the profile file"):
        profile(f"{tmp_path}/none.toml:a")
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="cannot read the profile file"):
        profile(f"{tmp_path}/bytes.toml:a")


# The open tail


def test_qwen_with_a_system_message(tokenizer: Any) -> None:
    assert rendered(tokenizer, QWEN, chat("What?"), "<think>It is B") == (
        "<|im_start|>system\nThink first.<|im_end|>\n"
        "<|im_start|>user\n<|vision_start|><|image_pad|><|vision_end|>What?<|im_end|>\n"
        "<|im_start|>assistant\n<think>It is B"
    )


def test_qwen_without_a_system_message(tokenizer: Any) -> None:
    """The template then adds its own."""
    assert rendered(tokenizer, QWEN, chat("What?")[1:], "") == (
        "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n"
        "<|im_start|>user\n<|vision_start|><|image_pad|><|vision_end|>What?<|im_end|>\n"
        "<|im_start|>assistant\n"
    )


@pytest.mark.parametrize(
    ("template", "header"),
    [
        (QWEN, "<|im_start|>assistant\n"),
        (VICUNA, "ASSISTANT:"),
        (CLOSING, "<|assistant|>\n"),
        (TRIMMING, "[assistant]"),
    ],
    ids=["qwen", "vicuna", "closing", "trimming"],
)
def test_every_prefill_is_the_literal_tail(
    tokenizer: Any, variants: list[Variant], template: str, header: str
) -> None:
    for variant in variants:
        user = render_user(variant, profile("default"))
        text = rendered(tokenizer, template, chat(user), variant.prefill)
        assert text.endswith(header + variant.prefill), variant.name
        assert user in text
    assert sum(bool(variant.prefill) for variant in variants) == 6


def test_a_thought_that_the_template_opens_is_not_opened_twice(
    tokenizer: Any, variants: list[Variant]
) -> None:
    for variant in variants:
        text = rendered(tokenizer, OPENING, chat("What?"), variant.prefill)
        assert text.count("<think>") == 1
        tail = variant.prefill or "<think>\n"
        assert text.endswith(f"<|im_start|>assistant\n{tail}")


def test_blanks_at_the_end_of_a_prefill_are_kept(tokenizer: Any) -> None:
    assert rendered(tokenizer, QWEN, chat("What?"), "<think>so \n ").endswith("<think>so \n ")


INSTRUCTIONS = (
    "{% for m in messages %}{% if m['role'] == 'user' %}[INST]" + TEXT + "[/INST]"
    "{% elif m['role'] == 'assistant' %} " + TEXT + "</s>{% else %}" + TEXT + "{% endif %}"
    "{% endfor %}"
)


@pytest.mark.parametrize(("template", "tail"), [(PLAIN, "assistant: "), (INSTRUCTIONS, "[/INST] ")])
def test_a_turn_opens_where_an_assistants_words_would_stand(
    tokenizer: Any, template: str, tail: str
) -> None:
    text = rendered(tokenizer, template, chat("What?"), "<think>so")
    assert text.endswith(f"What?{tail}<think>so")


BARE = "{% for m in messages %}" + TEXT + "{% endfor %}"


@pytest.mark.parametrize("template", [BARE, BLANK, FIRST], ids=["bare", "blank", "first"])
def test_a_template_without_an_assistant_turn(tokenizer: Any, template: str) -> None:
    with pytest.raises(ModelError, match="adds nothing for add_generation_prompt"):
        rendered(tokenizer, template, chat("What?"), "<think>")


def test_a_template_that_changes_the_question(tokenizer: Any) -> None:
    with pytest.raises(ModelError, match="does not show the user's text as it was written"):
        rendered(tokenizer, SHOUTING, chat("What?"), "")


def test_a_template_that_refuses(tokenizer: Any) -> None:
    with pytest.raises(ModelError, match="refuses a chat of system and user: System role"):
        rendered(tokenizer, REFUSING, chat("What?"), "")


def test_other_errors_of_a_renderer_are_not_hidden() -> None:
    def broken(*_: Any, **__: Any) -> str:
        raise KeyError("bug")

    with pytest.raises(KeyError):
        open_tail(broken, chat("What?"), "")


def test_the_shipped_profiles_are_read_once() -> None:
    assert prompts.shipped() is prompts.shipped()
