"""Baryons: what is known of the mass that is not dark, with its errors."""

from data.baryons.base import Baryons
from data.baryons.component import Component
from data.baryons.known import KnownBaryons, truth_baryons, without_baryons
from data.baryons.measured import Measured
from data.baryons.model import BaryonModel, ForceTable
from data.baryons.packaged import DEFAULT, NO_BARYONS, packaged, packaged_names
from data.baryons.parsing import model_from_dict, model_to_dict, read_model, write_model

__all__ = [
    "DEFAULT",
    "NO_BARYONS",
    "BaryonModel",
    "Baryons",
    "Component",
    "ForceTable",
    "KnownBaryons",
    "Measured",
    "model_from_dict",
    "model_to_dict",
    "packaged",
    "packaged_names",
    "read_model",
    "truth_baryons",
    "without_baryons",
    "write_model",
]
