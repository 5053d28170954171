/* Lets Unfold's pages run under a Content-Security-Policy without eval.

   config/static/unfold/js/alpine/alpine.js is Alpine's CSP build (npm: @alpinejs/csp 3.17.4, MIT) and stands in for
   the build that Unfold ships. It reads expressions instead of compiling them, and does not know statements, globals
   or assignments to elements: the few expressions of Unfold's that need those are spelled anew here, before Alpine
   reads them. tests/admin/test_content_security.py finds one that was forgotten. */
"use strict";

(() => {
  const kept = () => localStorage.getItem("sidebarDesktopOpen") !== "0";

  // What Unfold's expressions name beside their own data.
  const helpers = () => ({
    currentTab: () => getCurrentTab(),
    keepSidebar: (open) => localStorage.setItem("sidebarDesktopOpen", open ? "1" : "0"),
    address: () => window.location.pathname + window.location.search,
    leaveSearch: (box) => (box.value === "" ? box.blur() : (box.value = "")),
    moment: () => Date.now(),
    nameLikeOwner: (row) => {
      const [own] = row.getElementsByTagName("input");
      if (own.name.includes("__prefix__")) {
        own.name = row.parentElement.getElementsByTagName("input")[0].name;
      }
    },
    followSelect: (element, id, name) =>
      django.jQuery(() => {
        const select = django.jQuery(id);
        select.on("change", () => {
          Alpine.$data(element)[name] = select.val();
        });
      }),
    moveRecords: (event) => moveRecords(event),
    sortRecords: (event) => sortRecords(event),
  });

  const spellings = [
    [/sidebarDesktopOpen: \(localStorage[\s\S]*: true/, () => `sidebarDesktopOpen: ${kept()}`],
    [
      /^\s*activeTab = (?:getCurrentTab\(\) \|\| )?('[^']*');\s*\$watch\('sidebarDesktopOpen'[\s\S]*$/,
      "[activeTab = currentTab() || $1, $watch('sidebarDesktopOpen', keepSidebar)]",
    ],
    [/^sidebarDesktopOpen = !sidebarDesktopOpen;[\s\S]*$/, "sidebarDesktopOpen = !sidebarDesktopOpen"],
    [/window\.location\.pathname \+ window\.location\.search/g, "address()"],
    [/^openSearchResults = true; currentIndex = 0$/, "[openSearchResults = true, currentIndex = 0]"],
    [
      /^openSearchResults = false; if \(\$refs\.searchInput\.value[\s\S]*$/,
      "[openSearchResults = false, leaveSearch($refs.searchInput)]",
    ],
    [/^if \((!\$event\.metaKey && !\$event\.ctrlKey)\) (selectItem\(.*\))$/, "$1 && $2"],
    [/new Date\(\)\.getTime\(\)/, "moment()"],
    [/^if \(\$el\.getElementsByTagName\('input'\)[\s\S]*$/, "nameLikeOwner($el)"],
    [
      /^const \$ = django\.jQuery;[\s\S]*\$\('(#[\w-]+)'\)[\s\S]*\{ (\w+) = select\.val\(\);[\s\S]*$/,
      "followSelect($el, '$1', '$2')",
    ],
  ];

  document.addEventListener("alpine:init", () => {
    Alpine.data("theme", (...given) => Object.assign(theme(...given), helpers()));
    Alpine.data("searchForm", searchForm);
    Alpine.data("searchDropdown", searchDropdown);
    Alpine.data("searchCommand", searchCommand);
    Alpine.interceptInit((element) => {
      for (const { name, value } of Array.from(element.attributes ?? [])) {
        if (name.startsWith("x-")) {
          const spelled = spellings.reduce((text, [from, to]) => text.replace(from, to), value);
          if (spelled !== value) {
            element.setAttribute(name, spelled);
          }
        }
      }
    });
  });
})();
