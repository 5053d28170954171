"""Shopper's doors of members."""

from django.urls import path

from apps.members import api, growth_api, levels_api, personal_api, pictures_api

urlpatterns = [
    path("auth/login", api.LoginView.as_view()),
    path("auth/refresh", api.RefreshView.as_view()),
    path("auth/logout", api.LogoutView.as_view()),
    path("documents/<slug:document>", api.DocumentView.as_view()),
    path("me", api.MeView.as_view()),
    path("me/avatar", pictures_api.AvatarView.as_view()),
    path("me/phone", api.PhoneView.as_view()),
    path("me/birthday", levels_api.BirthdayView.as_view()),
    path("levels", levels_api.LevelsView.as_view()),
    path("me/growth/entries", growth_api.GrowthEntriesView.as_view()),
    path("me/level-changes", growth_api.LevelChangesView.as_view()),
    path("me/consents", api.ConsentsView.as_view()),
    path("me/consents/<slug:document>", api.ConsentView.as_view()),
    path("me/export", personal_api.ExportView.as_view()),
    path(personal_api.FILE_PATH, personal_api.ExportFileView.as_view()),
    path("me/erasure", personal_api.ErasureView.as_view()),
    path("me/addresses", api.AddressesView.as_view()),
    path("me/addresses/<int:address_id>", api.AddressView.as_view()),
]
