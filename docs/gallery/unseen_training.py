"""Why options of ``fit``, ``validate``, ``test`` and ``predict`` have no picture."""

TEXT = "text"
NUMBERS = "numbers in a table"
LONGER = "how long a training lasts or which one it is, no other kind of picture"

TRAINED = {
    "--config": "a file of these options",
    "--print_config": TEXT,
    "--*.help": TEXT,
    "--model": "all options that begin with it, from a file",
    "--data": "all options that begin with it, from a file",
    "--pictures": "all options that begin with it, from a file",
    "--curves": "all options that begin with it, from a file",
    "--roundtrip*": "numbers in a table",
    "--best*": "which weights are kept",
    "--last*": "which weights are kept",
    "--trainer*": "how Lightning trains: how long, how exactly, and where files lie",
    "--seed_everything": LONGER,
    "--ckpt_path": "which model, as --checkpoint of colorize",
    "--model.colorizer": "which method, see the page of the methods",
    "--model.objective": LONGER,
    "--model.optimizer": LONGER,
    "--model.scheduler": LONGER,
    "--model.interval": LONGER,
    "--model.weights": "which model, as --checkpoint of colorize",
    "--model.average": LONGER,
    "--data.size": "as --size of prepare",
    "--data.batch_size": LONGER,
    "--data.test": "whose photographs, not how they look",
    "--data.held_out": "whose photographs, not how they look",
    "--data.predict": "whose drawings, as --sketch and --reference of colorize",
    "--data.predict.sketches": "as --sketch of colorize",
    "--data.predict.photos": "as --reference of colorize",
    "--data.background": "as --background of prepare",
    "--data.strict": "stops instead of leaving photographs out",
    "--data.seed": LONGER,
    "--data.repeat": LONGER,
    "--data.cache": "speed",
    "--data.num_workers": "speed",
    "--data.sketch_filter": "as --sketch_filter of prepare",
    "--data.hints": "as --points of compare",
    "--pictures.test_pairs": "how many rows, as --pictures.pairs",
    "--pictures.extremes": "of a test, as the picture of score",
    "--pictures.write_all": "the same pictures, each in a file of its own",
    "--data.share": "as --shares of scaling",
    "--curves.networks": NUMBERS,
    "--curves.picture": "leaves one out",
}
AS_FIT = dict.fromkeys(
    (
        "--data.train",
        "--data.content",
        "--data.augment",
        "--pictures.*",
        "--curves.*",
    ),
    "as those of fit",
)
