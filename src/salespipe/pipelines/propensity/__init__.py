"""Propensity: will a customer, or a contact, buy within the horizon?"""

from salespipe.pipelines.propensity.pipeline import create_pipeline

__all__ = ["create_pipeline"]
