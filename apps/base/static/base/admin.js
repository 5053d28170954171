/* What every operators' page does: Chinese calendars, times that say whose they are, fields of the chosen case only. */
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  // Before Django draws its calendars, which it does when the page has loaded.
  if (window.CalendarNamespace) {
    const days = ["日", "一", "二", "三", "四", "五", "六"];
    window.CalendarNamespace.daysOfWeek = days;
    window.CalendarNamespace.daysOfWeekAbbrev = days;
    window.CalendarNamespace.daysOfWeekInitial = days;
  }
  document.querySelectorAll("input.vTimeField").forEach((field) => {
    field.placeholder = "时间（北京时间）";
  });

  // A field with data-when="audience=LEVEL" is shown while the field of that name has that value.
  document.querySelectorAll("[data-when]").forEach((field) => {
    const [name, value] = field.dataset.when.split("=");
    const asked = field.form?.elements[name];
    const block = field.closest(".group.mb-4") || field.parentElement;
    if (!asked) return;
    const show = () => {
      block.hidden = asked.value !== value;
      block.style.display = block.hidden ? "none" : "";
    };
    asked.addEventListener("change", show);
    show();
  });
});
