# SPDX-License-Identifier: EUPL-1.2
"""Settings of the peer in Django, as of a project with one application."""
import os

SECRET_KEY = os.environ["BENCH_AUTHORIZATION"]
ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
INSTALLED_APPS = ["rest_framework", "consumer"]
MIDDLEWARE = ["django.middleware.security.SecurityMiddleware", "django.middleware.common.CommonMiddleware"]
ROOT_URLCONF = "consumer.api"
TIME_ZONE = "UTC"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

SQLITE = {
    "ENGINE": "django.db.backends.sqlite3",
    "OPTIONS": {
        "timeout": 20,
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL",
    },
}
POSTGRESQL = {"ENGINE": "django.db.backends.postgresql", "HOST": os.environ.get("PGHOST"), "USER": os.environ.get("PGUSER")}
DATABASES = {
    "default": (POSTGRESQL if os.environ.get("PGHOST") else SQLITE)
    | {"NAME": os.environ["BENCH_DATABASE"], "CONN_MAX_AGE": None},
}

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "UNAUTHENTICATED_USER": None,
}
