"""Coupons: what a template says, who holds one, what happened to it, and the ways in which they are given out."""

from apps.coupons.models.codes import Code, CodeBatch, CodeTries
from apps.coupons.models.coupons import Coupon, CouponMove, Tally
from apps.coupons.models.jobs import IssueJob, IssueTarget
from apps.coupons.models.shops import PassTries, StorePass, StoreUse
from apps.coupons.models.templates import PromoCode, Template

__all__ = [
    "Code",
    "CodeBatch",
    "CodeTries",
    "Coupon",
    "CouponMove",
    "IssueJob",
    "IssueTarget",
    "PassTries",
    "PromoCode",
    "StorePass",
    "StoreUse",
    "Tally",
    "Template",
]
