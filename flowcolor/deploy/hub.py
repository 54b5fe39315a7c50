"""Models from a hub and to a hub, through ``huggingface_hub``; only safetensors are ever opened."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from flowcolor import __version__
from flowcolor.deploy.folder import CONFIG, WEIGHTS, read_folder
from flowcolor.errors import InputError
from flowcolor.models.checkpoint import Weights

SCHEME = "hf://"
_REPO = re.compile(r"\w[\w.-]{0,95}/\w[\w.-]{0,95}", re.ASCII)
# As git has them: none begins with a slash or climbs, for the cache has a file of that name.
_REVISION = re.compile(r"(?!/)(?!.*\.\.)[\w./-]{1,200}", re.ASCII)


@dataclass(frozen=True)
class HubName:
    """A model on a hub.

    Args:
        repo: ``user/name``.
        revision: Branch, tag or commit; ``None``: the main branch.
    """

    repo: str
    revision: str | None = None

    def __str__(self) -> str:
        return f"{SCHEME}{self.repo}{f'@{self.revision}' if self.revision else ''}"


def hub_name(text: str) -> HubName:
    """Read ``hf://user/name`` or ``hf://user/name@revision``; ``hf://`` may be left out.

    Raises:
        InputError: It has another form.

    Example:
        >>> hub_name("hf://somebody/faces@v1.0")
        HubName(repo='somebody/faces', revision='v1.0')
    """
    repo, at, revision = text.removeprefix(SCHEME).partition("@")
    if not _REPO.fullmatch(repo) or (at and not _REVISION.fullmatch(revision)):
        raise InputError(
            f"A model on a hub expects a name like {SCHEME}user/name or "
            f"{SCHEME}user/name@revision, got {text!r}."
        )
    return HubName(repo, revision or None)


def fetch(name: HubName, endpoint: str | None = None) -> Weights:
    """Read a model of a hub, through the hub's own cache: what is there is not fetched again.

    Args:
        name: Which one.
        endpoint: Address of another hub. It is sent no token: to whom it belongs is not known.
            ``None``: the one of ``huggingface_hub``'s settings, with its token if there is one.

    Raises:
        InputError: There is no such model, it is not one of flowcolor, or it cannot be fetched.
    """
    with _sentences(str(name), name, endpoint):
        from huggingface_hub import hf_hub_download

        def get(filename: str, revision: str | None) -> Path:
            return Path(
                hf_hub_download(
                    name.repo,
                    filename,
                    revision=revision,
                    endpoint=endpoint,
                    token=None if endpoint is None else False,
                    library_name="flowcolor",
                    library_version=__version__,
                )
            )

        folder = get(CONFIG, name.revision).parent
        # Of the very commit that the configuration is of: somebody may push between the two.
        get(WEIGHTS, folder.name)
    return read_folder(folder, str(name))


def push(
    files: Sequence[Path | str], repo: str, *, private: bool = False, endpoint: str | None = None
) -> str:
    """Upload files in one commit to a repository, which is made if there is none.

    Args:
        files: What to upload, under the names that they have.
        repo: ``user/name``.
        private: Whether a new repository is hidden from others.
        endpoint: Address of another hub; it is sent the token.

    Returns:
        Where they are.

    Raises:
        InputError: The hub does not take them, or is not there.
    """
    name = hub_name(repo)
    with _sentences(f"Pushing to {name.repo}", name, endpoint):
        from huggingface_hub import CommitOperationAdd, HfApi

        hub = HfApi(endpoint, library_name="flowcolor", library_version=__version__)
        url = hub.create_repo(name.repo, private=private, exist_ok=True)
        operations = [CommitOperationAdd(path.name, path) for path in map(Path, files)]
        message = f"Push a model with flowcolor {__version__}"
        hub.create_commit(name.repo, operations, commit_message=message, revision=name.revision)
    return str(url)


@contextmanager
def _sentences(what: str, name: HubName, endpoint: str | None) -> Iterator[None]:
    """Turn what the library of the hub raises into one sentence."""
    try:
        from huggingface_hub import constants, errors
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "huggingface_hub":
            raise
        raise InputError(f"{what} needs huggingface_hub: pip install 'flowcolor[hub]'.") from error
    where = endpoint or constants.ENDPOINT
    try:
        yield
    except InputError:
        raise
    except errors.GatedRepoError as error:
        message = f"{what}: {where} asks for an access that this token, or none, does not have."
        raise InputError(message) from error
    except errors.RepositoryNotFoundError as error:
        raise InputError(
            f"{what} expects a model of {where}, got none of that name, or one that is hidden "
            "from this token, or none."
        ) from error
    except errors.RevisionNotFoundError as error:
        message = f"{what} expects a revision of {name.repo}, got {name.revision!r}."
        raise InputError(message) from error
    except errors.RemoteEntryNotFoundError as error:
        raise InputError(
            f"{what} is no model of flowcolor: it expects {CONFIG} and {WEIGHTS} there, and opens "
            "no other kind of file."
        ) from error
    except errors.LocalEntryNotFoundError as error:
        message = f"{what} expects a network that reaches {where}, got none, and keeps no copy."
        raise InputError(message) from error
    except errors.LocalTokenNotFoundError as error:
        message = f"{what} expects a token of {where}, got none: run `hf auth login`."
        raise InputError(message) from error
    except Exception as error:
        # What the network raises is of the package below, httpx or httpx2 as versions go.
        network = type(error).__module__.startswith("httpx")
        if not (network or isinstance(error, OSError | ValueError)):
            raise
        reason = " ".join(str(error).split()) or type(error).__name__
        raise InputError(f"{what} at {where} failed: {reason[:300]}") from error
