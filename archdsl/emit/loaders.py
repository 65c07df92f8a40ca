"""The functions that load data in emitted code, one for each source of the language.

A loader gives everything that its source has, in the order of `gives`; `label` is the one to stratify by.
Where only the data knows its fields, `gives` is empty and the loader gives a dictionary.
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

FOLDER = Loader(
    '''
def load_folder(path, size):
    """Load the images below a folder; the name of its subfolder is an image's class."""
    files = [file for file in sorted(Path(path).glob("*/*")) if file.is_file()]
    classes = sorted({file.parent.name for file in files})
    images = [Image.open(file).convert("RGB").resize((size, size)) for file in files]
    pixels = [torch.from_numpy(numpy.array(image)).permute(2, 0, 1) for image in images]
    label = torch.tensor([classes.index(file.parent.name) for file in files])
    return torch.stack(pixels).float() / 255, label
''',
    ("from pathlib import Path", "import numpy", "import torch", "from PIL import Image"),
    ("image", "label"),
    "label",
)

COLUMNS = '''
def as_numbers(values):
    """Turn a column into numbers; words become classes, by their order."""
    try:
        return torch.tensor([float(value) for value in values])
    except ValueError:
        classes = sorted(set(values))
        return torch.tensor([classes.index(value) for value in values])
'''

CSV = Loader(
    COLUMNS
    + '''

def load_csv(path, target):
    """Load a table: each column by its name, and all but the target as features."""
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file))
    data = {name: as_numbers([row[name] for row in rows]) for name in rows[0]}
    features = [column.float() for name, column in data.items() if name != target]
    return {"features": torch.stack(features, dim=1), **data}
''',
    ("import csv", "import torch"),
    (),
    "",
)

PARQUET = Loader(
    COLUMNS
    + '''

def load_parquet(path, target):
    """Load a table: each column by its name, and all but the target as features."""
    table = pyarrow.parquet.read_table(path).to_pydict()
    data = {name: as_numbers(column) for name, column in table.items()}
    features = [column.float() for name, column in data.items() if name != target]
    return {"features": torch.stack(features, dim=1), **data}
''',
    ("import pyarrow.parquet", "import torch"),
    (),
    "",
)

NPZ = Loader(
    '''
def load_npz(path):
    """Load the arrays of a NumPy file by their names."""
    with numpy.load(path) as arrays:
        return {name: torch.from_numpy(arrays[name]) for name in arrays.files}
''',
    ("import numpy", "import torch"),
    (),
    "",
)

TEXT = Loader(
    '''
def load_text(path, length):
    """Cut a text into pieces of bytes; the target of each byte is the next one."""
    text = torch.tensor(list(Path(path).read_bytes()))
    count = (len(text) - 1) // length
    tokens = text[: count * length].view(count, length)
    targets = text[1 : count * length + 1].view(count, length)
    return tokens, targets
''',
    ("from pathlib import Path", "import torch"),
    ("tokens", "targets"),
    "",
)

TORCHVISION = Loader(
    '''
def load_torchvision(name):
    """Load a data set of torchvision, from the net where it is not here yet."""
    found = getattr(torchvision.datasets, name)("data", download=True)
    images, labels = zip(*found)
    pixels = [torchvision.transforms.functional.to_tensor(image) for image in images]
    return {"image": torch.stack(pixels), "label": torch.tensor(labels)}
''',
    ("import torch", "import torchvision"),
    (),
    "",
)

HF = Loader(
    '''
def load_hf(name, split, revision):
    """Load the columns of a data set of the Hugging Face hub."""
    found = datasets.load_dataset(name, split=split or "train", revision=revision)
    columns = {name: found.with_format("torch")[:][name] for name in found.column_names}
    return {name: torch.as_tensor(column) for name, column in columns.items()}
''',
    ("import datasets", "import torch"),
    (),
    "",
)

LOADERS = {
    "torchvision": TORCHVISION,
    "hf": HF,
    "digits": DIGITS,
    "surnames": SURNAMES,
    "folder": FOLDER,
    "csv": CSV,
    "parquet": PARQUET,
    "npz": NPZ,
    "text": TEXT,
}

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

HOLD_OUT_END = '''
def hold_out(data, part):
    """Hold the end of the data out to measure with."""
    held_out = torch.zeros(len(data), dtype=torch.bool)
    held_out[-round(len(data) * part) :] = True
    return held_out
'''
