"""The columns of the table of a run's generations: name, kind, and meaning with unit and range."""

from __future__ import annotations

from unswayed.results.frames import Column

COLUMNS: tuple[Column, ...] = (
    Column("benchmark", "text", "name of the benchmark"),
    Column("sample", "text", "id of the sample, `benchmark/native-id`"),
    Column("variant", "text", "name of the variant, such as `base` or `abstain+wrong-think`"),
    Column("foil_index", "count", "0 … K−1: which of the sample's K foils the variant asserts"),
    Column("draw", "count", "0 … k−1: which of the prompt's k outputs it is"),
    Column("letter", "text", "option answered, as SHOWN; missing if none was read"),
    Column("gold", "text", "right option, as SHOWN; the right value of an open question"),
    Column("foil", "text", "wrong option of the wrong-* variants, as SHOWN, or wrong value"),
    Column(
        "asserts",
        "text",
        "what the injected text asserts, as SHOWN, or the value; missing if nothing",
    ),
    Column(
        "correct",
        "flag",
        "the gold was answered; false if the answer could not be read or"
        " abstains, missing if there is no output",
    ),
    Column(
        "swayed",
        "flag",
        "the foil was answered, and not in the sample's base row; missing in"
        " base rows, and where there is no foil or no pair",
    ),
    Column(
        "flip",
        "text",
        "`right_wrong`, `wrong_right` or `none`, against the sample's base row; missing in base"
        " rows and where there is no pair",
    ),
    Column(
        "verdict",
        "text",
        "`consistent`, `inconsistent`, `unclear`, `failed` (the judge did) or"
        " `skipped`; missing if not judged",
    ),
    Column(
        "quadrant",
        "text",
        "verdict and correctness, such as `inconsistent_correct`, or `conflict`; missing"
        " unless the verdict is consistent or inconsistent",
    ),
    Column("entropy", "number", "entropy of the letter distribution, in nats, from 0 to ln K"),
    Column("p_correct", "number", "probability of the gold, in [0, 1]"),
    Column("text", "text", "what the model wrote, without the prefill"),
    Column(
        "sway", "number", "foil answered under the variant less foil answered in base: −1, 0 or 1"
    ),
    Column("sample_letter", "text", "`letter` in the benchmark's own letters"),
    Column("sample_gold", "text", "`gold` in the benchmark's own letters; missing if open"),
    Column("sample_foil", "text", "`foil` in the benchmark's own letters; missing if open"),
    Column("category", "text", "the benchmark's own category; missing if it has none"),
    Column(
        "difficulty",
        "number",
        "how hard the benchmark knows the picture to be, in [0, 1]; missing where it does not",
    ),
    Column("cluster", "text", "the image or scene; rows that share it are not independent"),
    Column("group", "text", "circular or flipped copies of a question share it; else missing"),
    Column("answer_kind", "text", "what is asked for: `choice`, `number`, `text` or `box`"),
    Column("question", "text", "the question without its options"),
    Column("options", "object", "dict: letter as SHOWN → text; empty for an open question"),
    Column("can_abstain", "flag", "the abstain option was shown"),
    Column("abstained", "flag", "the abstain option was answered; missing if there is no output"),
    Column("status", "text", "`stop`, `length` (token limit), `error`, or `refused`"),
    Column("error", "text", "why there is no output, or no letter distribution; else missing"),
    Column("problem", "text", "why no answer was read from an output; missing if one was"),
    Column("conflict", "flag", "the answer's letter and the option text beside it disagree"),
    Column(
        "flags",
        "texts",
        "tuple of what was odd about the answer, such as `letter-text-conflict`, and of the"
        " rules by which it was read, such as `stated`",
    ),
    Column("think", "text", "the thought, without its tags; missing without one"),
    Column("answer", "text", "the text of the answer; missing without one"),
    Column("thoughts", "text", "what is known of the reasoning: `text`, `summary`, `hidden`"),
    Column("judge", "text", "name of the judge"),
    Column("judge_concludes", "text", "option that the thought concludes on, as SHOWN"),
    Column("judge_reason", "text", "the judge's reason, for people"),
    Column("votes", "object", "dict: judge of a panel → its verdict; missing without a panel"),
    Column(
        "probabilities",
        "object",
        "dict: letter as SHOWN → probability, sum 1, as recorded; missing without a distribution."
        " That of an unparsed answer is in no other column and no figure",
    ),
    Column("entropy_normalised", "number", "entropy / ln K, in [0, 1]"),
    Column("p_foil", "number", "probability of the foil, in [0, 1]"),
    Column("p_top", "number", "probability of the likeliest letter, in [0, 1]"),
    Column("other_mass", "number", "what the model gave to all but the letters, in [0, 1]"),
    Column("brier", "number", "Σ (p − 1[gold])², in [0, 2]"),
    Column(
        "entropy_marginal",
        "number",
        "entropy of the prompt's marginal distribution, the mean over its outputs' own, in nats",
    ),
    Column("p_correct_marginal", "number", "probability of the gold in the marginal, in [0, 1]"),
    Column(
        "letters_method",
        "text",
        "how the distribution was read: `logits`, `token-logprobs`, `top-logprobs` or `samples`",
    ),
    Column(
        "forced", "flag", "the thought was closed to read the distribution; missing without one"
    ),
    Column(
        "bounded", "flag", "some probability is only an upper bound; missing without a distribution"
    ),
    Column(
        "iou",
        "number",
        "overlap of the answered box with the gold, in [0, 1]; 0 if none was"
        " read, missing if no box is asked for",
    ),
    Column("tokens", "count", "tokens generated, the end token included; missing if not known"),
    Column("prefill", "text", "start of the assistant's turn that was given; missing if none"),
    Column("caption", "text", "caption placed before the question; missing if none"),
    Column("draft", "text", "thought placed in the user's turn; missing if none"),
    Column("id", "text", "id of the variant, as in the run's `.jsonl` files"),
)
"""In the order of the table."""
