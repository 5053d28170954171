"""Short, sortable dates: 2026-11-23 18:08. Forms read this form too."""

DATE_FORMAT = "Y-m-d"
TIME_FORMAT = "H:i"
DATETIME_FORMAT = "Y-m-d H:i"
