"""Settings that hold everywhere: what the shop is made of. What differs by place comes from config.env."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from config import databases, env, files, redis_servers
from config.logs import logging_config
from config.settings import unfold

BASE_DIR = Path(__file__).resolve().parent.parent.parent

ENV = env.load()
PROCESSES = env.load_processes()
_served_over_https = ENV.public_base_url.startswith("https://")

SECRET_KEY = ENV.secret_key.get_secret_value()
# Sessions and printed share codes that a former key signed.
SECRET_KEY_FALLBACKS = ENV.secret_key_fallbacks
DEBUG = ENV.debug
ALLOWED_HOSTS = ENV.allowed_hosts
CSRF_TRUSTED_ORIGINS = ENV.csrf_trusted_origins or [ENV.public_base_url]
PUBLIC_BASE_URL = ENV.public_base_url

INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",  # its default one would put its own site in the place of ours
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "apps.base.admin_apps.ShopAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_prometheus",
    "axes",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
    "apps.base",
    "apps.outbox",
    "apps.pictures",
    "apps.wechat",
    "apps.sms",
    "apps.couriers",
    "apps.members",
    "apps.catalog",
    "apps.stores",
    "apps.inventory",
    "apps.promotions",
    "apps.campaigns",
    "apps.shares",
    "apps.messaging",
    "apps.groupbuy",
    "apps.carts",
    "apps.orders",
    "apps.risk",
    "apps.payments",
    "apps.fulfillment",
    "apps.cardkeys",
    "apps.coupons",
    "apps.points",
    "apps.wallet",
    "apps.bargain",
    "apps.presale",
    "apps.deadlines",
    "apps.distribution",
    "apps.flashsale",
    "apps.pickup",
    "apps.checkout",
    "apps.storefront",
    "apps.aftersales",
    "apps.books",
    "apps.invoices",
    "apps.packets",
    "apps.referrals",
    "apps.audiences",
    "apps.content",
    "apps.simulator",
    "apps.complaints",
    "apps.support",
    "apps.journeys",
    "apps.desk",
    "apps.demo",
]

MIDDLEWARE = [
    "apps.base.middleware.HeadersMiddleware",
    "apps.base.middleware.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    # Behind what every answer passes, before all that only pages, forms and views need.
    "apps.storefront.kept_api.KeptMiddleware",
    "apps.storefront.alike_api.AlikeMiddleware",
    "apps.checkout.rush_api.RushMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "apps.base.middleware.Sessions",
    "django.middleware.common.CommonMiddleware",
    "apps.base.middleware.Forgeries",
    "apps.base.middleware.Operators",
    "django_otp.middleware.OTPMiddleware",
    "apps.base.door.DoorMiddleware",
    "apps.base.held.HolderMiddleware",
    "apps.base.middleware.Notes",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "apps.base.middleware.RefusalMiddleware",
    "axes.middleware.AxesMiddleware",
]

# Django looks for its own name: Forgeries is its CsrfViewMiddleware, which calls without a session pass by.
SILENCED_SYSTEM_CHECKS = ["security.W003"]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
APPEND_SLASH = False

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

DATABASES = {"default": databases.setting(ENV.database_url, pooled=ENV.database_pooled)}
if ENV.replica_url:
    DATABASES["replica"] = databases.setting(ENV.replica_url, pooled=ENV.database_pooled)
    DATABASE_ROUTERS = ["apps.base.replica.Router"]
    MIDDLEWARE.append("apps.base.replica.ReplicaMiddleware")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = ENV.redis_url
_redis = redis_servers.read(ENV.redis_url)
CACHES: dict[str, dict[str, object]] = {
    "default": {
        "BACKEND": "apps.base.cache.SoftRedisCache",
        "LOCATION": _redis.location,
        "KEY_PREFIX": "mall",
        "OPTIONS": _redis.cache_options,
    }
}

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "apps.stores.admin_bound.BoundBackend",
    "django.contrib.auth.backends.ModelBackend",
]
# Guessing passwords: docs/adr/0024-the-operators-door.md.
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = "apps.base.door.counted_by"
AXES_CLIENT_IP_CALLABLE = "apps.base.door.address_of"
AXES_LOCKOUT_CALLABLE = "apps.base.door.locked_out"
# Who may log in as themselves must not wipe out what was counted against their address.
AXES_RESET_ON_SUCCESS = False
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_DISABLE_ACCESS_LOG = True
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
OTP_TOTP_ISSUER = ENV.shop_name
ADMIN_SECOND_FACTOR = (
    ENV.admin_second_factor if ENV.admin_second_factor is not None else not ENV.wechat_sandbox
)
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文")]
LOCALE_PATHS = [BASE_DIR / "config" / "locale"]
FORMAT_MODULE_PATH = ["config.formats"]
USE_I18N = True
USE_TZ = True
# The shop's day is a Shanghai day; the database keeps UTC.
TIME_ZONE = ENV.shop_time_zone

STATIC_URL = "/static/"
# Before the apps' own: Alpine without eval stands in for Unfold's.
STATICFILES_DIRS = [BASE_DIR / "config" / "static"]
STATIC_ROOT = ENV.static_root or BASE_DIR / "staticfiles"
# Empty until collectstatic runs; WhiteNoise warns about a directory that is not there.
STATIC_ROOT.mkdir(parents=True, exist_ok=True)
MEDIA_URL = files.address(ENV)
MEDIA_ROOT = ENV.media_root or BASE_DIR / "media"
# What no web server may serve: beside the pictures, and shared by all processes as they are.
PRIVATE_ROOT = ENV.private_root or MEDIA_ROOT.with_name("private")
STORAGES = {
    **files.storages(ENV),
    # Without a manifest a process can start before collectstatic has run; nginx serves the collected files.
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True
# What browsers ask for by a name of their own, beside everything: /favicon.ico.
WHITENOISE_ROOT = BASE_DIR / "config" / "root"
SERVE_MEDIA = ENV.trusted_proxies == 0 and not ENV.s3_bucket
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024

SESSION_COOKIE_SECURE = _served_over_https
CSRF_COOKIE_SECURE = _served_over_https
SESSION_COOKIE_HTTPONLY = True
# Counted from the last click, which base.door notes once a minute; twice a day everybody logs in anew.
SESSION_COOKIE_AGE = ENV.admin_idle_minutes * 60
# A rehearsal on one machine calls web itself, though WeChat and shoppers would come by HTTPS.
SECURE_SSL_REDIRECT = _served_over_https and not ENV.wechat_sandbox
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
SECURE_HSTS_SECONDS = 31_536_000 if _served_over_https else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = _served_over_https
SECURE_HSTS_PRELOAD = _served_over_https
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
TRUSTED_PROXIES = ENV.trusted_proxies
if TRUSTED_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["apps.members.auth.BearerAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["apps.base.renderers.FastJSONRenderer"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "apps.base.negotiation.JSONNegotiation",
    "DEFAULT_PARSER_CLASSES": ["apps.base.parsers.StrictJSONParser"],
    "DEFAULT_THROTTLE_CLASSES": ["apps.base.throttles.PerMember", "apps.base.throttles.PerAddress"],
    "DEFAULT_THROTTLE_RATES": {
        "member": "300/min",
        "address": "1200/min",
        # A mobile carrier puts thousands of phones behind one address.
        "login": "300/min",
        "search": "120/min",
        "watch": "20/min",
    },
    "DEFAULT_SCHEMA_CLASS": "apps.base.schema.ShopSchema",
    "DEFAULT_VERSIONING_CLASS": None,
    "EXCEPTION_HANDLER": "apps.base.errors.handle",
    "NUM_PROXIES": ENV.trusted_proxies,
    "UNAUTHENTICATED_USER": None,
    "COERCE_DECIMAL_TO_STRING": True,
    "DATETIME_FORMAT": "iso-8601",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "小程序商城 API",
    "DESCRIPTION": "The shopper's API of the mall. Money is integer fen; times are ISO 8601 with offset.",
    "VERSION": "1.0.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "OrderStatusEnum": "apps.orders.states.Status",
        "CouponKindEnum": "apps.coupons.models.Template.Kind",
        "CouponStatusEnum": "apps.coupons.states.CouponStatus",
        "WalletEntryKindEnum": "apps.wallet.states.SEEN_KINDS",
        "GroupStatusEnum": "apps.groupbuy.states.GroupStatus",
        "ReviewStatusEnum": "apps.content.states.ReviewStatus",
        "AfterSaleKindEnum": "apps.aftersales.states.AfterSaleKind",
        "InvoiceStatusEnum": "apps.invoices.states.InvoiceStatus",
        "InvoiceTitleKindEnum": "apps.invoices.states.TitleKind",
        "AfterSaleStatusEnum": "apps.aftersales.states.AfterSaleStatus",
        "DelayStatusEnum": "apps.deadlines.states.DelayStatus",
        "DelayReasonEnum": "apps.deadlines.states.DelayReason",
        "DelayChoiceEnum": "apps.deadlines.states.DelayChoice",
        "MoneyBackEnum": "apps.payments.states.MoneyBack",
        "QuestionKindEnum": "apps.support.models.Question.Kind",
        "CampaignStateEnum": "apps.campaigns.states.State",
        "StageKindEnum": "apps.orders.states.StageKind",
        "StageStatusEnum": "apps.orders.states.StageStatus",
        "DeliveryKindEnum": "apps.orders.states.DeliveryKind",
        "SlotKindEnum": "apps.pickup.states.SlotKind",
        "PacketStatusEnum": "apps.packets.states.PacketStatus",
        "PacketPartStatusEnum": "apps.packets.states.SEEN_PARTS",
        "BargainRunStatusEnum": "apps.bargain.states.RunStatus",
    },
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SERVERS": [{"url": PUBLIC_BASE_URL}],
    "POSTPROCESSING_HOOKS": ["drf_spectacular.hooks.postprocess_schema_enums", "config.openapi.complete"],
}

CELERY_BROKER_URL = _redis.broker_url
CELERY_WORKER_CONCURRENCY = PROCESSES.worker_concurrency
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_TIME_LIMIT = 300
CELERY_TASK_SOFT_TIME_LIMIT = 240
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_CONNECTION_TIMEOUT = 1
# No retries when publishing: sweeps find what a lost nudge missed, a shopper must not wait for the broker.
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BROKER_TRANSPORT_OPTIONS = {
    **_redis.broker_options,
    # The queues in the order in which the worker names them (config.schedule.QUEUES), not in turn.
    "queue_order_strategy": "priority",
    "visibility_timeout": 900,
    # Above the second that a worker's blocking read lasts, and below what a shopper would wait.
    "socket_timeout": 2,
    "socket_connect_timeout": 1,
    "retry_on_timeout": False,
    "health_check_interval": 10,
}
CELERY_TIMEZONE = TIME_ZONE
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULER = "apps.base.beat.PulsingScheduler"
OUTBOX_SUBSCRIPTIONS = "config.subscriptions.SUBSCRIPTIONS"
OUTBOX_ONLY_WITH = "config.subscriptions.ONLY_WITH"
OUTBOX_ONLY_WHILE = "config.subscriptions.ONLY_WHILE"
OUTBOX_MOVED = "config.subscriptions.MOVED"
PICTURE_USERS = "config.pictures.USERS"
# With which marks are written into pictures: that of the posters.
PICTURE_MARK_FONT = BASE_DIR / "apps" / "shares" / "fonts" / "NotoSansSC-Regular.subset.otf"
# Names and addresses have more characters than the shop's own words.
PRINT_FONT = BASE_DIR / "apps" / "fulfillment" / "fonts" / "NotoSansSC-Regular.print.otf"
PARCEL_LABELS = "config.parcels.LABELS"
PERSONAL_BOARD = "config.personal.BOARD"
SHARE_KINDS = "config.sharing.KINDS"
SHARE_COMING = "config.sharing.COMING"
SHARE_LANDINGS = "config.sharing.LANDINGS"
RISK_KINDS = "config.judging.KINDS"
INVARIANTS = "config.invariants.INVARIANTS"
MESSAGE_SCENES = "config.messages.SCENES"
ROLES = "config.roles.ROLES"
BOUND = "config.bound"

LOGGING_CONFIG = "logging.config.dictConfig"
LOGGING = logging_config(log_format=ENV.log_format)
PROMETHEUS_EXPORT_MIGRATIONS = False

SHOP_NAME = ENV.shop_name
ORDER_PAYMENT_MINUTES = ENV.order_payment_minutes
MEMBER_UNPAID_ORDERS = ENV.member_unpaid_orders
MEMBER_UNPAID_UNITS = ENV.member_unpaid_units
MEMBER_UNPAID_USES = ENV.member_unpaid_uses
SHARE_DAYS = ENV.share_days
SHARE_VISIT_DAYS = ENV.share_visit_days
REFERRAL_WATCH_POINTS = ENV.referral_watch_points
REFERRAL_WATCH_COUPON_FEN = ENV.referral_watch_coupon_fen
RISK_TRACE_DAYS = ENV.risk_trace_days
WECHAT_RISK_RANK = ENV.wechat_risk_rank
MESSAGE_SENDS_PER_SECOND = ENV.message_sends_per_second
LARGE_ORDER_UNITS = ENV.large_order_units
LARGE_ORDER_PAYMENT_MINUTES = ENV.large_order_payment_minutes
# WeChat frowns on teams of more than five (运营规范 5.1.8): whoever raises it has a reason that WeChat will hear.
GROUP_BUY_LARGEST = ENV.group_buy_largest
PICKUP_REMIND_DAYS = ENV.pickup_remind_days
PICKUP_REFUND_DAYS = ENV.pickup_refund_days
ORDER_AUTO_RECEIVE_DAYS = ENV.order_auto_receive_days
WALLET_ENABLED = ENV.wallet_enabled
COMPENSATION_LIMIT_FEN = ENV.compensation_limit_fen

SMS_PROVIDER = ENV.sms_provider
SMS_ACCESS_KEY_ID = ENV.sms_access_key_id or ""
SMS_ACCESS_KEY_SECRET = ENV.sms_access_key_secret.get_secret_value() if ENV.sms_access_key_secret else ""
SMS_SIGN_NAME = ENV.sms_sign_name or ""
SMS_APP_ID = ENV.sms_app_id or ""
SMS_REGION = ENV.sms_region
SMS_BASE = ENV.sms_base

KUAIDI100_CUSTOMER = ENV.kuaidi100_customer or ""
KUAIDI100_KEY = ENV.kuaidi100_key.get_secret_value() if ENV.kuaidi100_key else ""
KUAIDI100_BASE = ENV.kuaidi100_base
WECHAT_WAYBILLS = ENV.wechat_waybills

WECHAT_SANDBOX = ENV.wechat_sandbox
WECHAT_ENV_VERSION = ENV.wechat_env_version
_OF_RELEASES = ENV.wechat_env_version == "release" and not ENV.wechat_sandbox
WECHAT_CHECK_PATH = _OF_RELEASES if ENV.wechat_check_path is None else ENV.wechat_check_path
WECHAT_SERVICE_CARDS = ENV.wechat_service_cards
WECHAT_API_BASE = ENV.wechat_api_base
WECHAT_APPID = ENV.wechat_appid
WECHAT_APP_SECRET = ENV.wechat_app_secret.get_secret_value()
WECHAT_PUSH_TOKEN = ENV.wechat_push_token.get_secret_value()
WECHAT_PUSH_AES_KEY = ENV.wechat_push_aes_key.get_secret_value()
WECHATPAY_BASE = ENV.wechatpay_base
WECHATPAY_MCHID = ENV.wechatpay_mchid
WECHATPAY_CERT_SERIAL = ENV.wechatpay_cert_serial
WECHATPAY_API_V3_KEY = ENV.wechatpay_api_v3_key.get_secret_value()
WECHATPAY_PRIVATE_KEY = ENV.wechatpay_private_key_file.read_text()
WECHATPAY_PUBLIC_KEY = ENV.wechatpay_public_key_file.read_text()
WECHATPAY_PUBLIC_KEY_ID = ENV.wechatpay_public_key_id
WECHATPAY_TRANSFER_SCENE_ID = ENV.wechatpay_transfer_scene_id
WECHATPAY_TRANSFER_PERCEPTION = ENV.wechatpay_transfer_perception
WECHATPAY_TRANSFER_REPORT = ENV.wechatpay_transfer_report
WECHATPAY_TRANSFER_MIN_FEN = ENV.wechatpay_transfer_min_fen
WECHATPAY_COMPLAINTS = ENV.wechatpay_complaints
WECHATPAY_COMPLAINT_ANSWER_HOURS = ENV.wechatpay_complaint_answer_hours

UNFOLD = unfold.look(shop_name=SHOP_NAME)
