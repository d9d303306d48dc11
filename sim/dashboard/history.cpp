#include "sim/dashboard/history.h"

#include <algorithm>

#include "sim/dashboard/curve.h"
#include "sim/dashboard/plots.h"
#include "sim/dashboard/transport.h"

namespace pensim::dashboard {
namespace {

std::string kind_of(const Recording& r) { return r.meta().kind == RecordingKind::rig ? "rig" : "pen"; }

bool same(const std::vector<Plot>& a, const std::vector<Plot>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const Plot& p, const Plot& q) {
    return p.title == q.title && p.signals == q.signals && p.log == q.log && p.difference == q.difference &&
           p.fixed == q.fixed;
  });
}

void keep(App& app) {
  const Recording& r = *app.main.recording;
  if (r.ticks() == 0 || app.other.recording) return;  // what a comparison shows belongs to it
  app.kept_changed = true;
  if (same(app.plots.plots, default_plots(r)))
    app.kept_plots.erase(kind_of(r));
  else
    app.kept_plots[kind_of(r)] = app.plots.plots;
}

void move(App& app, std::vector<History::Entry>& from, std::vector<History::Entry>& to, bool back) {
  if (from.empty()) return;
  History::Entry entry = from.back();
  if (entry.of_run) {
    if (back)
      app.session->undo();
    else
      app.session->redo();
    take_runs(app);
    app.history.run_changes = app.session->changes();
  } else {
    std::swap(app.plots.plots, entry.plots);
    app.history.plots = app.plots.plots;
    keep(app);
    app.plots.active = 0;
    app.plots.measured.clear();
  }
  app.notice = std::string(back ? "Undone: " : "Done again: ") +
               (entry.of_run ? "a change of the run" : "a change of the plots");
  from.pop_back();
  to.push_back(std::move(entry));
}

}  // namespace

void note_changes(App& app) {
  History& h = app.history;
  const std::size_t changes = app.session ? app.session->changes() : 0;
  for (; h.run_changes < changes; ++h.run_changes) {
    h.done.push_back({true, {}});
    h.undone.clear();
  }
  while (h.run_changes > changes) {  // taken back by other means
    --h.run_changes;
    const auto last = std::find_if(h.done.rbegin(), h.done.rend(), [](const History::Entry& e) { return e.of_run; });
    if (last != h.done.rend()) h.done.erase(std::next(last).base());
  }
  const std::vector<Plot>& now = app.plots.plots;
  if (!app.main.recording || now.empty() || ImGui::IsAnyMouseDown() || same(now, h.plots)) return;
  if (!h.plots.empty()) {
    h.done.push_back({false, h.plots});
    h.undone.clear();
  }
  h.plots = now;
  keep(app);
}

bool can_undo(const App& app) { return !app.history.done.empty(); }
bool can_redo(const App& app) { return !app.history.undone.empty(); }
void undo(App& app) { move(app, app.history.done, app.history.undone, true); }
void redo(App& app) { move(app, app.history.undone, app.history.done, false); }

bool unsaved(const App& app) {
  return app.session && app.session->changes() > 0 && app.session->revision() != app.history.saved_revision;
}

std::vector<Plot> first_plots(const App& app) {
  const Recording& r = *app.main.recording;
  const auto kept = app.kept_plots.find(kind_of(r));
  if (kept == app.kept_plots.end()) return default_plots(r);
  std::vector<Plot> plots = kept->second;
  for (Plot& p : plots) {
    std::erase_if(p.signals, [&](const std::string& name) { return !can_read(r, name); });
    p.difference = false;
  }
  std::erase_if(plots, [](const Plot& p) { return p.signals.empty(); });
  return plots.empty() ? default_plots(r) : plots;
}

}  // namespace pensim::dashboard
