"""The page of a campaign, whatever its kind: what it says in a sentence, where it stands, and the buttons that decide."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, ClassVar, Final, NamedTuple

from django.contrib import admin, messages
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from unfold.decorators import action

from apps.base.admin import KeptAdmin
from apps.base.asking import Done, operator
from apps.campaigns import forms
from apps.campaigns.drafts import CampaignDraft
from apps.campaigns.services import Campaigns
from apps.campaigns.standing import phase
from apps.campaigns.states import LIFECYCLE, Approval


class PhaseFilter(admin.SimpleListFilter):
    """Campaigns by where they stand at this moment."""

    title = "状态"
    parameter_name = "phase"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("draft", "草稿"),
            ("coming", "未开始"),
            ("live", "进行中"),
            ("paused", "已暂停"),
            ("over", "已结束"),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        at = timezone.now()
        over = Q(approval=Approval.STOPPED) | Q(
            approval__in=[Approval.APPROVED, Approval.PAUSED], ends_at__lte=at
        )
        chosen = {
            "draft": Q(approval=Approval.DRAFT),
            "coming": Q(approval=Approval.APPROVED, starts_at__gt=at),
            "live": Q(approval=Approval.APPROVED, starts_at__lte=at, ends_at__gt=at),
            "paused": Q(approval=Approval.PAUSED, ends_at__gt=at),
            "over": over,
        }.get(self.value() or "")
        return queryset if chosen is None else queryset.filter(chosen)


class Button(NamedTuple):
    """A button of a campaign's page: the move, what its page asks, what is said afterwards, which right it needs."""

    name: str
    form: Callable[..., Any]
    told: str
    icon: str
    act: str = "change"

    def pressed(self, *, needs: str) -> Any:
        """The method of a page for it."""

        def press(page: CampaignPage, request: HttpRequest, object_id: str) -> HttpResponse:
            if self.name == "copy":
                return page.copy_of(request, object_id)
            return page.decided(request, object_id, self)

        press.__name__ = self.name
        made = action(
            description=self.form.title,  # type: ignore[attr-defined]  # a form that asks has one
            permissions=[needs],
            url_path=self.name,
            icon=self.icon,
        )
        return made(press)


_BUTTONS: Final = (
    Button("approve", forms.ApproveForm, "已批准", "check"),
    Button("pause", forms.PauseForm, "已暂停", "pause"),
    Button("resume", forms.ResumeForm, "已恢复", "play_arrow"),
    Button("stop", forms.StopForm, "已结束", "stop"),
    Button("copy", forms.CopyForm, "已复制为草稿", "content_copy", "add"),
)


class TryOut(NamedTuple):
    """The button that shows what a form would make, and saves nothing: as the page's row of buttons reads it."""

    action_name: str = "_try_out"
    description: str = "试算（不保存）"
    icon: str = "calculate"
    attrs: Mapping[str, str] = MappingProxyType({})


TRY_OUT: Final = TryOut()


class Tried(NamedTuple):
    """What a form would make if it were saved: its rule in a sentence, and its samples where they are priced."""

    rule: str
    samples: Sequence[str]


class CampaignPage(KeptAdmin):
    """A campaign's page. A room names its ``campaigns`` and says in a sentence what the rule is (``rule``)."""

    campaigns: ClassVar[Campaigns[Any, Any]]

    actions_detail = [button.name for button in _BUTTONS]
    readonly_fields = ["sentence", "phase"]
    list_filter = [PhaseFilter]
    search_fields = ["title", "code"]

    def rule(self, row: Any) -> str:
        """The campaign's rule as a Chinese sentence."""
        raise NotImplementedError

    def samples(self, row: Any) -> Iterable[str]:
        """What shoppers would pay now, a sentence for each sample; none where nothing can be priced."""
        return []

    def drafted(self, form: Any, formsets: Sequence[Any]) -> CampaignDraft:
        """The draft that a form without faults has made."""
        return form.draft

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """A form that is only tried out is shown again as it was typed: nothing of it is saved."""
        form = super().get_form(request, obj, change=change, **kwargs)
        if TRY_OUT.action_name not in request.POST:
            return form
        return type(form.__name__, (_NeverSaved, form), {})

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Any = None,
    ) -> HttpResponse:
        """With the button that tries out, for whoever may save; what came of it is shown where a saved row's would be."""
        if self.has_add_permission(request) if add else self.has_change_permission(request, obj):
            context["actions_submit_line"] = [TRY_OUT]
        if TRY_OUT.action_name in request.POST and not context["errors"]:
            self._try_out(request, context)
        return super().render_change_form(request, context, add, change, form_url, obj)

    def _try_out(self, request: HttpRequest, context: Mapping[str, Any]) -> None:
        form = context["adminform"].form
        draft = self.drafted(form, [each.formset for each in context["inline_admin_formsets"]])

        def look(row: Any) -> None:
            form.instance.tried = Tried(self.rule(row), list(self.samples(row)))

        for warning in self.campaigns.try_out(draft, at=timezone.now(), look=look):
            self.message_user(request, warning, level=messages.WARNING)
        self.message_user(request, "以下规则和试算按所填内容得出，尚未保存", level=messages.INFO)

    def came_of(self, row: Any) -> Iterable[str]:
        """What came of it beyond what every campaign is asked, in sentences."""
        return []

    def save_model(self, request: HttpRequest, obj: Model, form: Any, change: bool) -> None:
        """The service writes the row, and all that stands beside it."""
        self.keep(request, obj, form.draft)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Nothing: it was written with the row."""

    def keep(self, request: HttpRequest, obj: Model, draft: CampaignDraft) -> None:
        """Have the service save a draft, and say what is to be thought of."""
        saved = self.campaigns.save(draft, operator=operator(request), at=timezone.now())
        obj.pk, obj._state.adding = saved.row.pk, False
        # What the page says of it afterwards, and the log, is what was written.
        obj.refresh_from_db()
        for warning in saved.warnings:
            self.message_user(request, warning, level=messages.WARNING)

    def usable(self, row: Any) -> list[str]:
        """The moves that its status allows; copying always."""
        moves = [name for name, move in LIFECYCLE.moves.items() if row.approval in move.sources]
        return [*moves, "copy"]

    @admin.display(description="规则")
    def sentence(self, row: Any) -> str:
        if tried := tried_of(row):
            return tried.rule
        return "点「试算」即可预览" if row.pk is None else self.rule(row)

    @admin.display(description="状态")
    def phase(self, row: Any) -> str:
        return "草稿" if row.pk is None else phase(row, at=timezone.now())

    # The table of one kind (``app.model``): its permissions are those that the buttons need.
    table: ClassVar[str]

    def __init_subclass__(cls) -> None:
        """Make the buttons of one kind's page."""
        super().__init_subclass__()
        if not hasattr(cls, "table"):
            return  # what several kinds' pages share
        app, _, name = cls.table.partition(".")
        for button in _BUTTONS:
            setattr(cls, button.name, button.pressed(needs=f"{app}.{button.act}_{name}"))

    def copy_of(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask, and make a draft that says the same."""
        row = self.row(request, object_id)

        def copy(form: forms.CopyForm) -> Done:
            code = f"{row.code[:31]}-{form.cleaned_data['token'].hex[:8]}"
            made = self.campaigns.copy(row, code=code, operator=operator(request), at=timezone.now())
            return Done("已复制为草稿", then=self.page_of(made), about=made)

        return self.ask(request, forms.CopyForm, copy, row=row, heading=str(row))

    def decided(self, request: HttpRequest, object_id: str, button: Button) -> HttpResponse:
        """Ask, and move the campaign."""
        row = self.row(request, object_id)

        def decide(_: Any) -> Done:
            warnings = self.campaigns.decide(row, move=button.name, at=timezone.now())
            return Done(button.told, warning="；".join(warnings))

        heading = f"{row} · {phase(row, at=timezone.now())}"
        return self.ask(
            request, button.form, decide, row=row, heading=heading, facts=[("规则", self.rule(row))]
        )


class _NeverSaved:
    """A form that finds its faults, and is never good enough to be saved."""

    def is_valid(self) -> bool:
        super().is_valid()  # type: ignore[misc]  # goes before a form
        return False


def tried_of(row: Any) -> Tried | None:
    """What the form that this row stands for would make, where it was tried out with this request."""
    return getattr(row, "tried", None)
