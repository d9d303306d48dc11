#include "sim/dashboard/compare.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <nlohmann/json.hpp>

#include "sim/dashboard/open.h"
#include "sim/dashboard/panels.h"
#include "sim/dashboard/rebuild.h"
#include "sim/dashboard/requirements_panel.h"
#include "sim/dashboard/transport.h"
#include "sim/dashboard/value_names.h"
#include "sim/draw/display_units.h"
#include "sim/draw/widgets.h"
#include "sim/input/input_error.h"

namespace pensim::dashboard {
namespace {

constexpr std::chrono::milliseconds most_a_frame{10};  // for pieces of the difference
constexpr Tick look_ticks = 1 << 16;                   // read at once in search of an event
constexpr int command_alignment = 4;

bool running(const App& app) {
  return app.session && (app.session->state() == Session::State::starting ||
                         app.session->state() == Session::State::running || app.session->catching_up() < 1);
}

// The first tick at which a signal is above 0.5; -1 if it never is. Buckets of the pyramid say where to look.
Tick first_above(const Recording& r, const std::string& name) {
  if (!r.has(name) || r.ticks() == 0) return -1;
  for (Tick from = 0; from < r.ticks(); from += look_ticks) {
    const Tick to = std::min(from + look_ticks, r.ticks());
    if (!(r.envelope(name, from, to, 1)[0].max > 0.5f)) continue;
    const SampleRange s = r.range(name, from, to - 1);
    for (std::size_t i = 0; i < s.value.size(); ++i)
      if (s.value[i] > 0.5f)
        return std::max(s.period_ticks > 0 ? (s.first + static_cast<Tick>(i)) * s.period_ticks : s.tick[i], from);
  }
  return -1;
}

// The command of `other` that stands for number `index` of `main`: the same text, the same one of those that are alike.
Tick same_command(const Recording& main, const Recording& other, std::size_t index) {
  const std::string& text = main.commands()[index].text;
  std::ptrdiff_t before =
      std::count_if(main.commands().begin(), main.commands().begin() + static_cast<std::ptrdiff_t>(index),
                    [&](const RecordedText& c) { return c.text == text; });
  for (const RecordedText& c : other.commands())
    if (c.text == text && before-- == 0) return c.at;
  return -1;
}

double change_of(const Verdict& a, const Verdict& b) {
  if (std::isinf(a.margin) || std::isinf(b.margin)) return a.margin == b.margin ? 0 : a.margin < b.margin ? 1 : -1;
  const double larger = std::max(std::fabs(a.margin), std::fabs(b.margin));
  return larger > 0 ? (b.margin - a.margin) / larger : 0;
}

bool judged(const std::optional<Verdict>& v) {
  return v && (v->outcome == Outcome::pass || v->outcome == Outcome::fail);
}

void make_rows(App& app) {
  CompareState& state = app.compare;
  state.rows.clear();
  const Document* documents[] = {&first_of(app), &second_of(app)};
  for (const Document* d : documents)
    for (const Requirement& q : d->requirements) {
      if (std::any_of(state.rows.begin(), state.rows.end(),
                      [&](const CompareState::Row& row) { return row.id == q.id; }))
        continue;
      CompareState::Row row{q.id, q.text, {}, {}, 0};
      if (const auto v = state.judged_a.verdicts.find(q.id); v != state.judged_a.verdicts.end()) row.a = v->second;
      if (const auto v = state.judged_b.verdicts.find(q.id); v != state.judged_b.verdicts.end()) row.b = v->second;
      if (judged(row.a) && judged(row.b)) row.change = change_of(*row.a, *row.b);
      state.rows.push_back(std::move(row));
    }
  const auto group = [](const CompareState::Row& row) {
    if (!judged(row.a) || !judged(row.b)) return 2;
    return row.a->outcome == Outcome::pass && row.b->outcome == Outcome::fail ? 0 : 1;
  };
  std::stable_sort(state.rows.begin(), state.rows.end(), [&](const auto& p, const auto& q) {
    return group(p) != group(q) ? group(p) < group(q) : p.change < q.change;
  });
}

// True if anything is new.
bool judge_side(const App& app, const Document& document, CompareState::Judged& judged) {
  const Recording& r = *document.recording;
  const Mark mark = mark_of(r);
  if (judged.mark != mark) {
    judged = {};
    judged.mark = mark;
  }
  if (judged.complete) return false;
  if (!r.verdicts().empty() || !app.session) {
    for (const RecordedVerdict& v : r.verdicts()) judged.verdicts[v.id] = verdict_of(v);
    judged.measures = r.measures();
    judged.complete = true;
    return true;
  }
  if (!judged.judging)
    judged.judging = std::make_unique<Judging>(app.session->snapshot(r), document.requirements,
                                               app.session->scenario().measures, app.session->duration(), true);
  if (!judged.judging->done()) return false;
  judged.verdicts = judged.judging->result().verdicts;
  judged.measures = judged.judging->result().measures;
  judged.judging.reset();
  judged.complete = true;
  return true;
}

}  // namespace

const Document& first_of(const App& app) { return app.session ? app.other : app.main; }
const Document& second_of(const App& app) { return app.session ? app.main : app.other; }

std::vector<std::string> alignments(const App& app) {
  std::vector<std::string> names = {"time", "first contact", "first puncture", "first stroke"};
  const double tick_s = seconds(app.main.recording->tick_ns());
  for (const RecordedText& c : app.main.recording->commands())
    names.push_back(
        fmt::format("{}: {}", format_time(static_cast<double>(c.at) * tick_s, 1e-3), command_words(c.text)));
  return names;
}

void align(App& app, int alignment) {
  CompareState& state = app.compare;
  const Recording &main = *app.main.recording, &other = *app.other.recording;
  state.align = state.aligned = alignment;
  state.aligned_main = mark_of(main);
  state.aligned_other = mark_of(other);
  state.no_event.clear();
  Tick at_main = 0, at_other = 0;
  const auto of_stroke = [](const Recording& r) { return r.strokes().empty() ? Tick{-1} : r.strokes().front().begin; };
  if (alignment == 1) at_main = first_above(main, "skin.contact"), at_other = first_above(other, "skin.contact");
  if (alignment == 2)
    at_main = first_above(main, "needle.punctured"), at_other = first_above(other, "needle.punctured");
  if (alignment == 3) at_main = of_stroke(main), at_other = of_stroke(other);
  if (alignment >= command_alignment) {
    const auto index = static_cast<std::size_t>(alignment - command_alignment);
    at_main = index < main.commands().size() ? main.commands()[index].at : -1;
    at_other = at_main < 0 ? -1 : same_command(main, other, index);
  }
  double shift_s = 0;
  if (at_main >= 0 && at_other >= 0) {
    shift_s = seconds(at_main * main.tick_ns()) - seconds(at_other * other.tick_ns());
  } else {
    const bool none_in_a = (at_main < 0) == (&first_of(app) == &app.main);
    state.no_event = at_main < 0 && at_other < 0 ? "neither A nor B has this event"
                     : none_in_a                 ? "A does not have this event"
                                                 : "B does not have this event";
  }
  if (shift_s == app.other.shift_s) return;
  app.other.shift_s = shift_s;
  app.plots.curves.clear();
  app.plots.measured.clear();
}

void swap_documents(App& app) {
  if (app.session || !app.other.recording) return;
  std::swap(app.main, app.other);
  const double shift_s = app.main.shift_s;
  app.main.shift_s = 0;
  app.cursor_s = std::clamp(app.cursor_s - shift_s, 0.0, last_tick_s(app));
  app.time.from_s -= shift_s, app.time.to_s -= shift_s;
  app.plots.curves.clear();
  app.plots.measured.clear();
  app.plots.violations = {};
  app.compare = {};
}

void refresh_compare(App& app) {
  CompareState& state = app.compare;
  const Document &a = first_of(app), &b = second_of(app);
  const Mark mark_a = mark_of(*a.recording), mark_b = mark_of(*b.recording);
  if (state.aligned != state.align || state.aligned_main != mark_of(*app.main.recording) ||
      state.aligned_other != mark_of(*app.other.recording))
    align(app, state.align);
  if (running(app)) {
    state.comparing.reset();
    state.compared = false;
    return;
  }
  if (!state.comparing || state.a != mark_a || state.b != mark_b) {
    state.a = mark_a, state.b = mark_b;
    state.comparing = std::make_unique<Comparing>(*a.recording, *b.recording);
    state.compared = false;
  }
  for (const auto begin = std::chrono::steady_clock::now();
       !state.compared && std::chrono::steady_clock::now() - begin < most_a_frame;)
    state.compared = state.comparing->advance();
  const bool new_a = judge_side(app, a, state.judged_a), new_b = judge_side(app, b, state.judged_b);
  if (new_a || new_b) make_rows(app);
}

void go_to_tick(App& app, Tick tick) {
  const double at = seconds(tick * app.main.recording->tick_ns());
  seek(app, at);
  show_stretch(app, std::max(0.0, at - 0.02), at + 0.03);
}

std::string difference_words(const std::string& value, const std::string& unit) {
  if (value.empty()) return "–";
  char* end = nullptr;
  const double number = std::strtod(value.c_str(), &end);
  if (*end != 0 || unit.empty()) return value;
  return format_value(number, unit, 6);
}

std::string signal_of_field(const Recording& r, const Difference& d, const std::string& field) {
  static const std::pair<const char*, const char*> driven[] = {{"out.duty_q15", "core.pwm_duty"},
                                                               {"out.stepper_steps", "screw.position"}};
  if (r.has(field)) return field;
  for (const auto& [from, to] : driven)
    if (field == from && r.has(to)) return to;
  for (const FieldDifference& f : d.fields)
    if (r.has(f.field)) return f.field;
  return "";
}

void go_to_difference(App& app, const FieldDifference& f) {
  go_to_tick(app, f.first);
  const std::string signal = signal_of_field(*app.main.recording, app.compare.comparing->result(), f.field);
  if (signal.empty()) return;
  constexpr const char* title = "Difference";
  std::vector<Plot>& plots = app.plots.plots;
  std::erase_if(plots, [&](const Plot& p) { return p.title == title; });
  plots.insert(plots.begin(), Plot{title, {signal}, false, false, {}});
  app.plots.active = 0;
}

void select_compared(App& app, const std::string& requirement) {
  app.selected.requirement = requirement;
  for (const CompareState::Row& row : app.compare.rows)
    if (row.id == requirement && judged(row.b)) seek(app, row.b->at_s + second_of(app).shift_s);
}

void walk_compared(App& app, int direction) {
  const auto& rows = app.compare.rows;
  if (rows.empty()) return;
  const auto at = std::find_if(rows.begin(), rows.end(),
                               [&](const CompareState::Row& row) { return row.id == app.selected.requirement; });
  const std::ptrdiff_t next = at == rows.end() ? 0 : at - rows.begin() + direction;
  select_compared(app, rows[static_cast<std::size_t>(std::clamp<std::ptrdiff_t>(next, 0, std::ssize(rows) - 1))].id);
}

namespace {

std::string margin_text(const std::optional<Verdict>& v) {
  if (!v) return "–";
  if (!judged(v)) return outcome_name(v->outcome);
  const std::string sign = v->outcome == Outcome::pass ? "✓ " : "✗ ";
  if (std::isinf(v->margin)) return sign + (v->outcome == Outcome::pass ? "holds" : "false");
  return sign + format_difference(v->margin, v->unit, 3);
}

ImU32 margin_colour(const std::optional<Verdict>& v) {
  return !v ? theme().faint : verdict_colour(outcome_name(v->outcome));
}

// "▼ 12 %": by how much of the larger margin.
std::string change_text(double change) {
  if (change == 0) return "=";
  const double percent = std::fabs(change) * 100;
  return fmt::format("{} {}", change < 0 ? "▼" : "▲",
                     percent < 0.1 ? "<0.1 %" : fmt::format("{:.{}f} %", percent, percent < 10 ? 1 : 0));
}

// Four columns: a name that takes what is left, three numbers to the right.
struct Columns {
  float left, right, number;
  explicit Columns(float x, float width)
      : left(x),
        right(x + width),
        number(std::min(text_size(Font::small_number, "✗ -0.000000 mm/s").x + ImGui::GetFontSize() * 0.4f,
                        width * 0.235f)) {}
  void draw(ImDrawList* list, float y, ImU32 ink, const std::string& name, Font name_font,
            const std::string (&value)[3], const ImU32 (&colour)[3]) const {
    const float gap = ImGui::GetFontSize() * 0.4f;
    for (int i = 0; i < 3; ++i) {
      const std::string shown = fit_text(Font::small_number, value[i], number - gap);
      draw_text(list, Font::small_number,
                right - static_cast<float>(2 - i) * number - text_size(Font::small_number, shown).x - gap,
                y + ImGui::GetFontSize() * 0.1f, colour[i], shown);
    }
    draw_text(list, name_font, left + gap, y, ink, fit_text(name_font, name, right - left - 3 * number - 2 * gap));
  }
};

void heading(const char* name, const char* a, const char* b, const char* change) {
  const Theme& t = theme();
  const ImVec2 p = ImGui::GetCursorScreenPos();
  const float width = ImGui::GetContentRegionAvail().x, height = std::floor(ImGui::GetFontSize() * 1.6f);
  ImDrawList* list = ImGui::GetWindowDrawList();
  Columns(p.x, width)
      .draw(list, p.y + ImGui::GetFontSize() * 0.3f, t.dim, name, Font::small, {a, b, change}, {t.dim, t.dim, t.dim});
  list->AddLine({p.x, p.y + height}, {p.x + width, p.y + height}, t.grid);
  ImGui::Dummy({width, height});
}

// Letter, how it is drawn in the plots, name, verdict.
void draw_document(const App& app, const Document& d, const char* letter, float width) {
  const Theme& t = theme();
  const float unit = ImGui::GetFontSize(), height = std::floor(unit * 1.5f);
  const ImVec2 p = ImGui::GetCursorScreenPos();
  ImDrawList* list = ImGui::GetWindowDrawList();
  draw_text(list, Font::text, p.x, p.y, t.accent, letter);
  const ImVec2 line[] = {{p.x + unit * 1.1f, p.y + unit * 0.6f}, {p.x + unit * 2.9f, p.y + unit * 0.6f}};
  const float thick = 1.6f * app.scale;
  if (&d == &app.other)
    draw_dashed(list, line, 2, t.ink, thick, thick * 3, thick * 2);
  else
    list->AddLine(line[0], line[1], t.ink, thick);
  const std::string verdict = d.recording->meta().verdict, word = verdict.empty() ? "" : verdict_word(verdict);
  const float chip = word.empty() ? 0 : chip_size(word).x + unit * 0.5f;
  draw_text(list, Font::text, p.x + unit * 3.4f, p.y, t.ink, fit_text(Font::text, d.label, width - unit * 3.6f - chip));
  if (!word.empty()) draw_chip(list, p.x + width - chip + unit * 0.5f, p.y, verdict_colour(verdict), word);
  ImGui::Dummy({width, height});
  tooltip(fmt::format("{}\n{}\n{}", d.label, d.recording->path(), d.recording->meta().firmware));
}

void draw_alignment(App& app) {
  const Theme& t = theme();
  CompareState& state = app.compare;
  const float unit = ImGui::GetFontSize();
  const std::vector<std::string> names = alignments(app);
  ImGui::AlignTextToFramePadding();
  text(Font::small, t.dim, "Align on");
  ImGui::SameLine();
  const std::string& now =
      names[static_cast<std::size_t>(std::clamp(state.align, 0, static_cast<int>(names.size()) - 1))];
  const float room = std::max(unit * 7, ImGui::GetContentRegionAvail().x - unit * 13);
  int chosen = state.align;
  if (choose("##align", fit_text(Font::text, now, room - unit * 1.2f), room, names, chosen)) align(app, chosen);
  ImGui::SameLine();
  const bool moved_b = &second_of(app) == &app.other;
  const std::string shift = !state.no_event.empty() ? state.no_event
                            : app.other.shift_s == 0
                                ? "not shifted"
                                : fmt::format("{} shifted by {:+.2f} ms", moved_b ? "B" : "A", app.other.shift_s * 1e3);
  text(Font::small, state.no_event.empty() ? t.ink : t.warn,
       fit_text(Font::small, shift, ImGui::GetContentRegionAvail().x));
  tooltip(shift + "\n`d` draws the difference in the last used plot.");
}

void draw_first_difference(App& app) {
  const Theme& t = theme();
  const CompareState& state = app.compare;
  const float width = ImGui::GetContentRegionAvail().x, unit = ImGui::GetFontSize();
  if (!state.comparing) {
    text(Font::small, t.dim, fit_text(Font::small, "The run is still going; it is compared when it stops.", width));
    return;
  }
  if (!state.compared) {
    const std::string word = fmt::format("comparing: {:.0f} %", state.comparing->progress() * 100);
    ImGui::ProgressBar(static_cast<float>(state.comparing->progress()), {-1, 0}, word.c_str());
    return;
  }
  const Difference& d = state.comparing->result();
  ImGui::PushTextWrapPos(0);
  if (!d.comparable()) {
    text(Font::text, t.warn, "▲ Not comparable: " + d.why_not + ".");
  } else if (d.equal()) {
    text(Font::text, t.good, fmt::format("✓ Identical, bit for bit, over {} ticks.", d.ticks));
  } else {
    const FieldDifference& f = d.fields[0];
    const ImVec2 p = ImGui::GetCursorScreenPos();
    const float button = text_size(Font::text, "Go there").x + ImGui::GetStyle().FramePadding.x * 2;
    ImDrawList* list = ImGui::GetWindowDrawList();
    const std::string place =
        fmt::format("First difference at {}, tick {}", format_time(seconds(f.first * d.tick_ns), 1e-5), f.first);
    draw_text(list, Font::text, p.x, p.y, t.ink, fit_text(Font::text, place, width - button - unit * 0.5f));
    const std::string values =
        fmt::format("{}   A {}   B {}", f.field, difference_words(f.a, f.unit), difference_words(f.b, f.unit));
    draw_text(list, Font::small_number, p.x, p.y + unit * 1.35f, t.accent,
              fit_text(Font::small_number, values, width - button - unit * 0.5f));
    ImGui::SetCursorScreenPos({p.x + width - button, p.y});
    if (ImGui::Button("Go there", {button, 0})) go_to_difference(app, f);
    tooltip("Moves the cursor there and shows the field in a plot.");
    const float end = p.y + unit * 2.8f;
    ImGui::SetCursorScreenPos({p.x, end});
    if (!d.sparse && f.field.rfind("out.", 0) == 0)
      text(Font::small, t.dim, "Inputs were equal up to this tick: the core responded differently.");
    if (!d.sparse && f.field.rfind("in.", 0) == 0)
      text(Font::small, t.dim, "The inputs of the core differ: plant, commands or seed.");
  }
  ImGui::PopTextWrapPos();
}

void draw_margins(App& app) {
  const Theme& t = theme();
  const float unit = ImGui::GetFontSize(), height = std::floor(unit * 1.5f);
  heading("REQUIREMENT, WORSE FIRST", "A", "B", "CHANGE");
  std::string chosen;
  for (const CompareState::Row& row : app.compare.rows) {
    const ImVec2 p = ImGui::GetCursorScreenPos();
    const float width = ImGui::GetContentRegionAvail().x;
    ImGui::PushID(row.id.c_str());
    if (ImGui::InvisibleButton("row", {width, height})) chosen = row.id;
    ImGui::PopID();
    const bool hovered = ImGui::IsItemHovered(), selected = app.selected.requirement == row.id;
    tooltip(row.text + "\nClick: moves the cursor to where B is closest to failing.");
    ImDrawList* list = ImGui::GetWindowDrawList();
    if (hovered || selected)
      list->AddRectFilled(p, {p.x + width, p.y + height},
                          with_alpha(selected ? t.accent : t.ink, selected ? 0.14f : 0.05f), 5);
    const bool both = judged(row.a) && judged(row.b);
    const ImU32 colour = !both || row.change == 0 ? t.faint : row.change < 0 ? t.bad : t.good;
    Columns(p.x, width)
        .draw(list, p.y + unit * 0.2f, t.ink, row.id, Font::text,
              {margin_text(row.a), margin_text(row.b), both ? change_text(row.change) : ""},
              {margin_colour(row.a), margin_colour(row.b), colour});
  }
  if (!chosen.empty()) select_compared(app, chosen);
}

void draw_measures(const App& app) {
  const Theme& t = theme();
  const auto &a = app.compare.judged_a.measures, &b = app.compare.judged_b.measures;
  if (a.empty() && b.empty()) return;
  const float height = std::floor(ImGui::GetFontSize() * 1.4f);
  heading("MEASURE", "A", "B", "CHANGE");
  const auto named = [](const std::vector<RecordedMeasure>& list, const std::string& name) {
    const auto it = std::find_if(list.begin(), list.end(), [&](const RecordedMeasure& m) { return m.name == name; });
    return it == list.end() ? nullptr : &*it;
  };
  std::vector<std::string> names;
  for (const auto* list : {&a, &b})
    for (const RecordedMeasure& m : *list)
      if (std::find(names.begin(), names.end(), m.name) == names.end()) names.push_back(m.name);
  for (const std::string& name : names) {
    const ImVec2 p = ImGui::GetCursorScreenPos();
    const float width = ImGui::GetContentRegionAvail().x;
    const RecordedMeasure *x = named(a, name), *y = named(b, name);
    const auto shown = [](const RecordedMeasure* m) { return m ? format_value(m->value, m->unit) : std::string("–"); };
    const std::string change =
        x && y ? x->value == y->value ? "=" : format_difference(y->value - x->value, y->unit, 3) : "";
    Columns(p.x, width)
        .draw(ImGui::GetWindowDrawList(), p.y + 1, t.ink, name, Font::text, {shown(x), shown(y), change},
              {t.ink, t.ink, t.dim});
    ImGui::Dummy({width, height});
  }
}

// The scenarios are the same but for the core.
bool only_cores_differ(const App& app) {
  nlohmann::json a = nlohmann::json::parse(app.main.recording->meta().resolved_scenario, nullptr, false),
                 b = nlohmann::json::parse(app.other.recording->meta().resolved_scenario, nullptr, false);
  if (!a.is_object() || !b.is_object()) return false;
  for (nlohmann::json* json : {&a, &b}) json->erase("firmware");
  return a == b;
}

// Fields and signals that differ, each from where on; then what else is not the same.
void draw_others(App& app) {
  const CompareState& state = app.compare;
  if (!state.comparing || !state.compared) return;
  const Theme& t = theme();
  const Difference& d = state.comparing->result();
  const float height = std::floor(ImGui::GetFontSize() * 1.4f);
  constexpr std::size_t most = 40;
  const FieldDifference* go = nullptr;
  if (!d.fields.empty()) heading("DIFFERENCE", "A", "B", "FROM");
  for (std::size_t i = 0; i < std::min(d.fields.size(), most); ++i) {
    const FieldDifference& f = d.fields[i];
    const ImVec2 p = ImGui::GetCursorScreenPos();
    const float width = ImGui::GetContentRegionAvail().x;
    ImGui::PushID(static_cast<int>(i));
    if (ImGui::InvisibleButton("field", {width, height})) go = &f;
    ImGui::PopID();
    if (ImGui::IsItemHovered())
      ImGui::GetWindowDrawList()->AddRectFilled(p, {p.x + width, p.y + height}, with_alpha(t.ink, 0.05f), 5);
    tooltip(fmt::format("{} samples differ, starting at tick {}. Click: moves the cursor there and shows it in a plot.",
                        f.count, f.first));
    Columns(p.x, width)
        .draw(ImGui::GetWindowDrawList(), p.y + 1, t.ink, f.field, Font::small_number,
              {difference_words(f.a, f.unit), difference_words(f.b, f.unit),
               format_time(seconds(f.first * d.tick_ns), 1e-5)},
              {t.ink, t.ink, t.dim});
  }
  if (d.fields.size() > most) text(Font::small, t.dim, fmt::format("and {} more", d.fields.size() - most));
  if (go) go_to_difference(app, FieldDifference(*go));
  bool first = true;
  for (const std::string& other : d.others) {
    if (other.rfind("margin of ", 0) == 0 || other.rfind("requirement ", 0) == 0) continue;  // stand in the table
    if (other.rfind("resolved scenario", 0) == 0 && only_cores_differ(app)) continue;        // stands there by itself
    if (first) heading("OTHER DIFFERENCES", "", "", "");
    first = false;
    const std::string shown = fit_text(Font::small, other, ImGui::GetContentRegionAvail().x - ImGui::GetFontSize());
    ImGui::Indent(ImGui::GetFontSize() * 0.4f);
    text(Font::small, t.ink, shown);
    ImGui::Unindent(ImGui::GetFontSize() * 0.4f);
    tooltip(other);
  }
}

}  // namespace

void draw_rebuild(App& app) {
  const Theme& t = theme();
  const RebuildState& state = app.rebuild;
  const std::string no = cannot_rebuild(app);
  if (!no.empty()) return;
  if (state.build) {
    text(Font::small, t.accent, fit_text(Font::small, "Building: " + state.command, ImGui::GetContentRegionAvail().x));
    tooltip(state.command);
    return;
  }
  if (ImGui::Button("Rebuild core and rerun")) rebuild_and_rerun(app);
  tooltip("Builds " + app.main.recording->meta().firmware +
          " in its build tree and reruns; the run shown now is kept for comparison.");
  if (running(app)) {
    ImGui::SameLine();
    text(Font::small, t.accent,
         fit_text(Font::small, fmt::format("running: {}", format_time(computed_s(app), 0.01)),
                  ImGui::GetContentRegionAvail().x));
  }
  ImGui::PushTextWrapPos(0);
  if (!state.problem.empty()) text(Font::small, t.bad, state.problem);
  for (std::size_t i = 0; i < std::min<std::size_t>(state.messages.size(), 6); ++i) {
    const CompilerMessage& m = state.messages[i];
    text(Font::small_number, m.is_error ? t.bad : t.warn,
         fmt::format("{} {}:{}: {}", m.is_error ? "✗" : "▲", m.file, m.line, m.text));
  }
  if (!state.problem.empty() && state.messages.empty() && !state.output.empty())
    text(Font::small_number, t.dim, state.output.substr(state.output.size() > 400 ? state.output.size() - 400 : 0));
  ImGui::PopTextWrapPos();
}

void draw_compare(App& app) {
  if (!app.main.recording) return draw_empty("Nothing to compare", "Open a recording or a scenario first.");
  const Theme& t = theme();
  const float unit = ImGui::GetFontSize();
  if (!app.other.recording) {
    ImGui::PushTextWrapPos(0);
    text(Font::text, t.ink, "Nothing to compare it with yet");
    text(Font::small, t.dim,
         "Change the core, then rebuild it and rerun: both runs are shown here side by side. Two recordings: `pensim "
         "dashboard A.h5 B.h5`.");
    if (const std::string no = cannot_rebuild(app); !no.empty()) text(Font::small, t.warn, no);
    ImGui::PopTextWrapPos();
    ImGui::Dummy({1, unit * 0.3f});
    draw_rebuild(app);
    return;
  }
  refresh_compare(app);
  const float width = ImGui::GetContentRegionAvail().x,
              swap = app.session ? 0 : text_size(Font::text, "Swap").x + ImGui::GetStyle().FramePadding.x * 2;
  const ImVec2 p = ImGui::GetCursorScreenPos();
  draw_document(app, first_of(app), "A", width - (swap > 0 ? swap + unit * 0.6f : 0));
  draw_document(app, second_of(app), "B", width - (swap > 0 ? swap + unit * 0.6f : 0));
  if (swap > 0) {
    const ImVec2 after = ImGui::GetCursorScreenPos();
    ImGui::SetCursorScreenPos({p.x + width - swap, p.y + unit * 0.4f});
    const bool pressed = ImGui::Button("Swap", {swap, 0});
    tooltip("Swap A and B");
    ImGui::SetCursorScreenPos(after);
    if (pressed) {
      swap_documents(app);
      refresh_compare(app);
    }
  }
  draw_alignment(app);
  draw_first_difference(app);
  draw_rebuild(app);
  ImGui::BeginChild("tables", {0, 0}, false);
  draw_margins(app);
  draw_measures(app);
  draw_others(app);
  ImGui::EndChild();
}

}  // namespace pensim::dashboard
