"""The functions that load data in emitted code, one for each source of the language.

A loader gives everything that its source has, in the order of `gives`; `label` is the one to stratify by.
"""

from __future__ import annotations

from archdsl.text.record import Record


class Loader(Record):
    """How a source is loaded: the function's source, its imports, and what it returns."""

    source: str
    imports: tuple[str, ...]
    gives: tuple[str, ...]
    label: str


DIGITS = Loader(
    '''
def load_digits(size):
    """Load handwritten digits: images from 0 to 1, and which digit each shows."""
    digits = datasets.load_digits()
    image = torch.tensor(digits.images, dtype=torch.float32).unsqueeze(1) / 16
    image = F.interpolate(image, size=(size, size), mode="bilinear")
    return image, torch.from_numpy(digits.target)
''',
    ("import torch", "import torch.nn.functional as F", "from sklearn import datasets"),
    ("image", "label"),
    "label",
)

SURNAMES = Loader(
    '''
def load_surnames():
    """Load surnames of 18 languages: letters by number, lengths, languages, weights.

    Other scripts are transliterated. The weights make every language count the same,
    however many names it has.
    """
    locales = (
        "ar_AA hy_AM zh_CN cs_CZ nl_NL en_GB fi_FI fr_FR ka_GE "
        "de_DE el_GR ga_IE it_IT ja_JP pt_PT ru_RU es_ES sv_SE"
    )
    letters = string.ascii_letters + " .,;'"
    names = []
    for locale in locales.split():
        provider = import_module(f"faker.providers.person.{locale}").Provider
        listed = getattr(provider, "last_romanized_names", provider.last_names)
        folded = [anyascii(name).title() for name in listed]
        kept = {"".join(one for one in name if one in letters) for name in folded}
        names.append(kept)
    # A name that two languages share says nothing of either.
    owners = Counter(name for listed in names for name in listed)
    names = [sorted(name for name in listed if owners[name] == 1) for listed in names]

    whole = [name for listed in names for name in listed]
    numbers = [torch.tensor([letters.index(one) for one in name]) for name in whole]
    name_lengths = torch.tensor([len(name) for name in whole])
    count = torch.tensor([len(listed) for listed in names])
    language = torch.arange(len(names)).repeat_interleave(count)
    weight = len(whole) / len(names) / count[language]
    name = nn.utils.rnn.pad_sequence(numbers, batch_first=True)
    return name, name_lengths, language, weight
''',
    (
        "import string", "import torch", "from anyascii import anyascii", "from collections import Counter",
        "from importlib import import_module", "from torch import nn",
    ),
    ("name", "name_lengths", "language", "weight"),
    "language",
)  # fmt: skip

LOADERS = {"digits": DIGITS, "surnames": SURNAMES}

HOLD_OUT_CLASSES = '''
def hold_out(label, part):
    """Choose a part of each class to measure with, always the same."""
    order = torch.randperm(len(label), generator=torch.Generator().manual_seed(0))
    order = order[label[order].argsort(stable=True)]
    held_out = torch.zeros(len(label), dtype=torch.bool)
    held_out[order[torch.arange(0, len(label), 1 / part).long()]] = True
    return held_out
'''

HOLD_OUT = '''
def hold_out(data, part):
    """Choose a part of the data to measure with, always the same."""
    order = torch.randperm(len(data), generator=torch.Generator().manual_seed(0))
    held_out = torch.zeros(len(data), dtype=torch.bool)
    held_out[order[: round(len(data) * part)]] = True
    return held_out
'''
