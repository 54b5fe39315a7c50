"""Options of commands that paint, but without a picture in the gallery, each with its reason.

A new option of a command belongs into the gallery, or here if no picture can show it.
"""

from docs.gallery.unseen_training import AS_FIT, LONGER, NUMBERS, TEXT, TRAINED

# Commands that make no picture.
SILENT = {
    "table": "writes text",
    "methods": "writes text",
    "weights": "writes text, or files of weights",
    "push": "sends a model",
    "export": "writes a model",
    "study import": "writes answers",
}

_PLACE = "says where the pictures go"
_DEVICE = "the same picture, computed elsewhere"
_SIZE_AS = "as --size of colorize"

# What is said of options for all commands.
EVERYWHERE = {"-h": TEXT, "--device": _DEVICE}

_JUDGED = dict.fromkeys(
    (
        "--inception",
        "--vgg19",
        "--alexnet",
        "--googlenet",
        "--preset",
        "--download",
        "--random_weights",
    ),
    NUMBERS,
)
_PAINTER = {
    "--checkpoint": "which model, as that of colorize",
    "--method": "as that of colorize",
}

UNSEEN = {
    "quickstart": {
        "--output": _PLACE,
        "--max_minutes": LONGER,
        "--seed_everything": LONGER,
    },
    "colorize": {
        "--check": "numbers in the terminal",
    },
    "styles": _PAINTER,
    "app": {
        "--model": "which model, as --checkpoint of colorize",
        "--host": "where the page is reached",
        "--port": "where the page is reached",
        "--share": "where the page is reached",
    },
    "prepare": {
        "--output": _PLACE,
        "--workers": "speed",
        "--strict": "stops instead of leaving photographs out",
    },
    "fit": TRAINED,
    "validate": TRAINED | AS_FIT,
    "test": TRAINED
    | AS_FIT
    | {
        "--networks*": NUMBERS,
        "--regions": NUMBERS,
        "--probes": NUMBERS,
        "--timed": NUMBERS,
        "--compare": NUMBERS,
    },
    "predict": TRAINED | AS_FIT,
    "score": _JUDGED
    | {
        "--labels": NUMBERS,
        "--reference_labels": NUMBERS,
        "--reference_sketches": NUMBERS,
        "--regions": NUMBERS,
        "--output": _PLACE,
        "--setting": "the name of the file",
        "--compare": NUMBERS,
        "--costs": NUMBERS,
        "--batch_size": "speed",
    },
    "study make": {
        "--content": "another word in the questions of the page",
        "--output": _PLACE,
        "--truth": "a fourth picture in the answers, as in --kind fool",
        "--pairs": "how many pages, not how they look",
        "--seed": "which pages, not how they look",
        "--size": _SIZE_AS,
        "--minimum_seconds": "who is counted",
        "--layout": "the same two pictures, one after the other",
        "--seconds": "when a picture vanishes",
    },
    "study report": {
        "--key": "belongs to the study",
        "--output": _PLACE,
        "--resamples": "how finely intervals are counted",
    },
    "compare": _JUDGED
    | {
        "--size": _SIZE_AS,
        "--train_minutes": LONGER,
        "--train_steps": LONGER,
        "--seeds": LONGER,
        "--pairs": "how many rows",
        "--output": _PLACE,
    },
    "ablate": {
        "--table": "which trainings, whose pictures are those of fit",
        "--seeds": LONGER,
        "--output": _PLACE,
    },
    "scaling": {"--seeds": LONGER, "--output": _PLACE},
    "latents": {"--output": _PLACE},
    "marks": {"--output": _PLACE},
}
