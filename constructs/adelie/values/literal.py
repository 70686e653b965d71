"""Text that Terraform must take as it is. Pure: no cdktf import."""

from __future__ import annotations


def literal(text: str) -> str:
    """`text` as Terraform's JSON has it, where `${` and `%{` begin a template and are doubled to stand for themselves.

    >>> literal("echo ${HOME} $PATH")
    'echo $${HOME} $PATH'
    """
    return text.replace("${", "$${").replace("%{", "%%{")


def is_literal(text: str) -> bool:
    """Whether Terraform takes `text` as it is."""
    return literal(text) == text
