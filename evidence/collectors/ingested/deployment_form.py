"""The form of a deployment that a pipeline tells: what is required, and its published JSON Schema.

Unknown fields are kept in the capture and not read. `docs/reference/schemas/deployment.schema.json`
is made of these records by `make docs`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from evidence.errors import MalformedError

Text = Annotated[str, StringConstraints(min_length=1, max_length=2000)]
Phase = Literal["Succeeded", "Failed", "Error", "Running", "Aborted"]


class _Form(BaseModel):
    model_config = ConfigDict(extra="allow", strict=True)


class Account(_Form):
    """Who did something: an account by its stable id, or else a bare name."""

    id: str = Field("", description="Stable id of the account in its system; never a display name.")
    name: str = Field("", description="User name or e-mail: identifies nobody without a person map")
    type: Literal["user", "bot", "app", "name_only"] = "name_only"
    system: str = Field("", description="Host that the id belongs to; default: the source.")


class SourceForm(_Form):
    """Where content came from: a Git repository at a commit, a chart, an artifact."""

    repository: Text = Field(description="Clone URL or web address.")
    revision: str = Field("", description="The commit (40 hexadecimal digits), version or digest.")
    path: str = ""
    target_revision: str = Field("", description="What was asked for: a branch, tag or version.")
    chart: str = ""
    kind: Literal["git", "helm", "oci", "bucket"] = "git"


class DeploymentForm(_Form):
    """One operation that may have altered an environment, whatever became of it."""

    id: Text = Field(description="The pipeline's own id of it: the same id is the same operation.")
    application: Text = Field(description="The `selector` of an application in the configuration.")
    started_at: Annotated[AwareDatetime, Field(strict=False)]
    finished_at: Annotated[AwareDatetime | None, Field(strict=False)] = None
    phase: Phase = Field(description="How it ended; `Running` while it has not.")
    environment: str = ""
    sources: list[SourceForm] = Field(
        [], description="Empty where content came from outside version control."
    )
    images: list[Text] = Field([], description="Image references, with digest where known.")
    initiator: Account | None = None
    automated: bool | None = Field(None, description="True where no person started it.")
    approvers: list[Account] = Field([], description="Who let it pass at a gate.")
    dry_run: bool = False
    partial: bool = Field(False, description="Only some of the resources were deployed.")
    local_content: bool = Field(False, description="Content came from a computer, not from `Git`.")
    serial: Annotated[int, Field(ge=0, le=2**31 - 1)] | None = Field(
        None,
        description="Number of the state after it (Terraform: `serial`). A change of the state "
        "that names neither sources nor a run (`url`) came from outside version control.",
    )
    retries: Annotated[int, Field(ge=0, le=10_000)] = 0
    message: str = ""
    url: str = Field("", description="Where a person reads of it: the pipeline run.")


def check(value: dict[str, Any], place: str) -> DeploymentForm:
    """The value as a form.

    Raises:
        MalformedError: what is missing or of another type, with its place in the file.
    """
    try:
        return DeploymentForm.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the object"
        raise MalformedError(
            f"{place}: `{where}`: {first['msg']}.",
            next_step="Compare it with docs/reference/schemas/deployment.schema.json.",
        ) from error
