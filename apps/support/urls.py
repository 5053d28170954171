"""Shopper's doors of surveys."""

from django.urls import path

from apps.support import api

urlpatterns = [
    path("surveys", api.SurveysView.as_view()),
    path("surveys/<int:survey_id>", api.SurveyView.as_view()),
    path("surveys/<int:survey_id>/answers", api.AnswersView.as_view()),
]
