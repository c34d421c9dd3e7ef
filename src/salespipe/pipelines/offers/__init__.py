"""Offers: will a customer buy of a product group within the horizon?"""

from salespipe.pipelines.offers.pipeline import create_pipeline

__all__ = ["create_pipeline"]
