"""Shopper's doors of referrals."""

from django.urls import path

from apps.referrals import api

urlpatterns = [
    path("referrals", api.ReferralsView.as_view()),
    path("referrals/<int:referral_id>", api.ReferralView.as_view()),
    path("referrals/<int:referral_id>/watch", api.WatchView.as_view()),
    path("referrals/<int:referral_id>/watch/done", api.WatchDoneView.as_view()),
    path("leaderboards/referrals", api.LeaderboardView.as_view()),
]
