#include "sim/dashboard/requirements_panel.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "sim/dashboard/curve.h"
#include "sim/dashboard/panels.h"
#include "sim/dashboard/transport.h"
#include "sim/draw/display_units.h"
#include "sim/draw/widgets.h"
#include "sim/input/input_error.h"
#include "sim/judge/judge.h"

namespace pensim::dashboard {
namespace {

constexpr double judge_every_s = 0.5;  // of wall time

Tick planned_ticks(const App& app) { return app.session ? app.session->duration() : app.main.recording->ticks(); }

// Full scale of what the margin is measured in: of a signal of that unit in the formula.
double scale_of(const std::string& that, const Location& at, const std::string& unit) {
  double scale = 0;
  try {
    for (const SignalInfo& s : parse_formula(that, at).signals)
      if (s.unit == unit) scale = std::max(scale, static_cast<double>(s.full_scale));
  } catch (const InputError&) {
  }
  return scale > 0 ? scale : 1;
}

bool judged(const RequirementsState::Row& row) {
  return row.verdict.outcome == Outcome::pass || row.verdict.outcome == Outcome::fail;
}

void sort_rows(std::vector<RequirementsState::Row>& rows) {
  const auto group = [](const RequirementsState::Row& r) {
    return r.verdict.outcome == Outcome::fail ? 0 : judged(r) ? 1 : r.so_far ? 2 : 3;
  };
  std::stable_sort(rows.begin(), rows.end(), [&](const auto& a, const auto& b) {
    if (group(a) != group(b)) return group(a) < group(b);
    return judged(a) && a.relative < b.relative;
  });
}

// Where each requirement is written, from the recording's own scenario.
std::map<std::string, std::string> sources_of(const App& app) {
  std::map<std::string, std::string> out;
  const auto place = [](const std::string& file, int line) {
    return file.empty() ? "" : line > 0 ? fmt::format("{}:{}", file, line) : file;
  };
  if (app.session) {
    for (const Requirement& q : app.session->scenario().requirements) out[q.id] = place(q.at.file, q.at.line);
    return out;
  }
  const auto json = nlohmann::json::parse(app.main.recording->meta().resolved_scenario, nullptr, false);
  if (!json.is_object() || !json.contains("requirements") || !json["requirements"].is_array()) return out;
  for (const auto& q : json["requirements"])
    if (q.is_object() && q.contains("id") && q["id"].is_string() && q.contains("file") && q["file"].is_string())
      out[q["id"].get<std::string>()] = place(
          q["file"].get<std::string>(), q.contains("line") && q["line"].is_number_integer() ? q["line"].get<int>() : 0);
  return out;
}

void make_rows(App& app) {
  RequirementsState& state = app.requirements;
  state.rows.clear();
  const auto sources = sources_of(app);
  for (const Requirement& q : app.main.requirements) {
    RequirementsState::Row row;
    row.id = q.id, row.text = q.text, row.that = q.that;
    if (const auto it = sources.find(q.id); it != sources.end()) row.source = it->second;
    if (app.session) {
      // A run that has ended: only the verdicts of all of it count.
      const bool ended = app.session->state() == Session::State::ended;
      const auto it = state.judged.verdicts.find(q.id);
      if (it != state.judged.verdicts.end() && (state.judged.whole || !ended))
        row.verdict = it->second, row.judged = true;
      row.so_far = row.judged && !state.judged.whole && row.verdict.outcome != Outcome::fail;
    } else {
      for (const RecordedVerdict& v : app.main.recording->verdicts())
        if (v.id == q.id) row.verdict = verdict_of(v), row.judged = true;
    }
    if (judged(row)) row.relative = row.verdict.margin / scale_of(row.that, q.at, row.verdict.unit);
    state.rows.push_back(std::move(row));
  }
  sort_rows(state.rows);
}

}  // namespace

Verdict verdict_of(const RecordedVerdict& v) {
  return {outcome_named(v.outcome).value_or(Outcome::invalid), v.margin, v.unit, v.at_s, v.atom, ""};
}

bool being_judged(const App& app) {
  const RequirementsState& state = app.requirements;
  return app.session && app.main.recording && !app.main.requirements.empty() &&
         (state.judging || app.session->catching_up() < 1 || state.judged_of != mark_of(*app.main.recording));
}

std::optional<RunVerdict> run_verdict(const App& app) {
  if (!app.main.recording) return {};
  if (!app.session) return verdict_named(app.main.recording->meta().verdict);
  if (app.session->state() != Session::State::ended) return {};
  if (app.session->fault()) return RunVerdict::firmware_fault;
  if (!app.session->error().empty()) return RunVerdict::error;
  if (app.main.requirements.empty()) return RunVerdict::measured;
  if (being_judged(app) || !app.requirements.judged.whole) return {};
  return app.requirements.judged.roll_up;
}

void refresh_requirements(App& app, double wall_s) {
  if (!app.main.recording) return;
  RequirementsState& state = app.requirements;
  const Recording& r = *app.main.recording;
  const Mark mark = mark_of(r);
  if (!app.session) {
    state.judging.reset();
    state.judged_of.reset();
    if (state.mark == mark && state.rows.size() == app.main.requirements.size()) return;
    state.mark = mark;
    make_rows(app);
    return;
  }
  const bool again = app.session->catching_up() < 1, ended = app.session->state() == Session::State::ended;
  bool news = state.mark != mark || state.rows.size() != app.main.requirements.size();
  // What was judged of another future says nothing of this one.
  const auto of_this = [&](const std::optional<Mark>& m) {
    return m && m->recording == mark.recording && m->ticks <= mark.ticks && !again;
  };
  if (state.judging && !of_this(state.judging_of)) state.judging.reset();
  if (state.judged_of && !of_this(state.judged_of)) {
    state.judged_of.reset();
    state.judged = {};
    news = true;
  }
  if (state.judging && state.judging->done()) {
    state.judged = state.judging->result();
    state.judged_of = state.judging_of;
    state.judging.reset();
    news = true;
  }
  // While it runs from time to time, at its end at once.
  const bool due = ended ? state.judged_of != mark || !state.judged.whole
                         : state.judged_of != mark && (state.began_wall_s < 0 || wall_s < state.began_wall_s ||
                                                       wall_s - state.began_wall_s >= judge_every_s);
  if (ended && state.judging && state.judging_of != mark) state.judging.reset();
  if (due && !again && !state.judging && mark.ticks > 0 && !app.main.requirements.empty()) {
    state.began_wall_s = wall_s;
    RunSnapshot snapshot = app.session->snapshot(r);
    state.judging_of = mark;
    state.judging_of->ticks = snapshot.recording.ticks();
    state.judging = std::make_unique<Judging>(std::move(snapshot), app.main.requirements,
                                              app.session->scenario().measures, planned_ticks(app), ended);
  }
  if (news) {
    state.mark = mark;
    make_rows(app);
  }
}

std::vector<FormulaLine> formula_lines(const std::string& text) {
  std::vector<FormulaLine> lines;
  int begin = 0, depth = 0, indent = 0;
  const auto end_line = [&](int end) {
    int a = begin, b = end;
    while (a < b && std::isspace(static_cast<unsigned char>(text[static_cast<std::size_t>(a)]))) ++a;
    while (b > a && std::isspace(static_cast<unsigned char>(text[static_cast<std::size_t>(b - 1)]))) --b;
    if (b > a) lines.push_back({a, b, indent});
    begin = end;
  };
  const auto word_at = [&](std::size_t i, const char* word) {
    const std::string w = word;
    const auto letter = [&](std::size_t k) {
      return k < text.size() && (std::isalnum(static_cast<unsigned char>(text[k])) || text[k] == '_' || text[k] == '.');
    };
    return text.compare(i, w.size(), w) == 0 && (i == 0 || !letter(i - 1)) && !letter(i + w.size());
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '(') ++depth;
    if (text[i] == ')') --depth;
    if (i > 0 && (word_at(i, "and") || word_at(i, "or") || word_at(i, "implies"))) {
      end_line(static_cast<int>(i));
      indent = std::max(depth, 0);
    }
  }
  end_line(static_cast<int>(text.size()));
  return lines;
}

std::vector<Need> needs_of(const Formula& f, const std::vector<PartTruth>& parts, Tick tick, Tick planned,
                           Nanoseconds tick_ns) {
  using Op = Formula::Op;
  std::vector<Need> out;
  struct Open {
    int node;
    Need need;
    bool outermost;  // only `and` and `always` are above it
  };
  std::vector<Open> open{{f.root, Need::hold, true}};
  // The parts in the order of explain; a child's truth is needed before its own turn.
  const auto truth_of = [&](int node) {
    const Formula::Node& n = f.nodes[static_cast<std::size_t>(node)];
    for (const PartTruth& p : parts)
      if (p.begin == n.begin && p.end == n.end) return p.known && p.truth;
    return false;
  };
  const auto instant = [&](const Formula::Bound& b) { return (b.from_end ? planned * tick_ns : 0) + b.offset; };
  while (!open.empty()) {
    const Open at = open.back();
    open.pop_back();
    const Formula::Node& n = f.nodes[static_cast<std::size_t>(at.node)];
    if (!n.condition) continue;
    out.push_back(at.need);
    const bool truth = truth_of(at.node), wanted = at.need == Need::hold;
    Need left = Need::none, right = Need::none;
    switch (n.op) {
      case Op::logical_and:
        if (wanted || (at.need == Need::not_hold && truth)) left = right = at.need;
        break;
      case Op::logical_or:
        if (at.need == Need::not_hold || (wanted && !truth)) left = right = at.need;
        break;
      case Op::implies:
        if (wanted && truth_of(n.left)) right = Need::hold;
        if (at.need == Need::not_hold && truth) right = Need::not_hold;
        break;
      case Op::logical_not:
        left = wanted ? Need::not_hold : at.need == Need::not_hold ? Need::hold : Need::none;
        break;
      case Op::always: {
        const Nanoseconds here = tick * tick_ns;
        const bool inside = at.outermost ? here >= instant(n.from) && here <= instant(n.to) : n.from.offset == 0;
        if (wanted && inside) left = Need::hold;
        break;
      }
      case Op::historically:
        if (wanted && n.from.offset == 0) left = Need::hold;
        break;
      case Op::truth:
      case Op::less:
      case Op::less_equal:
      case Op::greater:
      case Op::greater_equal:
      case Op::equal:
      case Op::not_equal:
        continue;
      default:
        break;
    }
    const bool outermost = at.outermost && n.op == Op::logical_and;
    if (n.right >= 0) open.push_back({n.right, right, outermost});
    if (n.left >= 0) open.push_back({n.left, left, outermost});
  }
  return out;
}

void select_requirement(App& app, const RequirementsState::Row& row) {
  app.selected.requirement = row.id;
  if (judged(row)) seek(app, row.verdict.at_s);
}

namespace {

std::string lower(std::string s) {
  std::transform(s.begin(), s.end(), s.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return s;
}

bool on_show(const RequirementsState& state, const RequirementsState::Row& row) {
  if (state.show == 1 && row.verdict.outcome != Outcome::fail) return false;
  if (state.show == 2 && row.verdict.outcome != Outcome::pass) return false;
  return !state.filter[0] ||
         lower(row.id + " " + row.text + " " + row.that).find(lower(state.filter)) != std::string::npos;
}

}  // namespace

void walk_requirements(App& app, int direction) {
  RequirementsState& state = app.requirements;
  std::vector<const RequirementsState::Row*> rows;
  int at = -1;
  for (const RequirementsState::Row& row : state.rows) {
    if (!on_show(state, row)) continue;
    if (row.id == app.selected.requirement) at = static_cast<int>(rows.size());
    rows.push_back(&row);
  }
  if (rows.empty()) return;
  const int next = at < 0 ? (direction > 0 ? 0 : static_cast<int>(rows.size()) - 1)
                          : std::clamp(at + direction, 0, static_cast<int>(rows.size()) - 1);
  const RequirementsState::Row row = *rows[static_cast<std::size_t>(next)];
  state.scroll_to = row.id;
  select_requirement(app, row);
}

namespace {

void explain_selected(App& app, const RequirementsState::Row& row) {
  RequirementsState& state = app.requirements;
  const Recording& r = *app.main.recording;
  const Tick tick =
      std::clamp<Tick>(std::llround(app.cursor_s / seconds(r.tick_ns())), 0, std::max<Tick>(r.ticks() - 1, 0));
  const Mark mark = mark_of(r);
  if (state.explained == row.id && state.explained_at == tick && (state.explained_mark == mark || app.playback.playing))
    return;
  // whole columns are read
  if (state.explained == row.id && app.playback.playing && ImGui::GetFrameCount() % 10 != 0) return;
  state.explained = row.id;
  state.explained_at = tick;
  state.explained_mark = mark;
  state.problem.clear();
  try {
    const Formula formula = parse_formula(row.that, {row.source, 0, 0});
    const Tick planned = std::max(planned_ticks(app), r.ticks());
    state.parts = explain(formula, RecordedSignals(r, planned), tick);
    state.needs = needs_of(formula, state.parts, tick, planned, r.tick_ns());
  } catch (const InputError& e) {
    state.parts.clear(), state.needs.clear();
    state.problem = e.what();
  }
}

// What decides the colour of a byte: the innermost part that holds it.
const PartTruth* part_at(const std::vector<PartTruth>& parts, int byte) {
  const PartTruth* best = nullptr;
  for (const PartTruth& p : parts)
    if (byte >= p.begin && byte < p.end && (!best || p.depth >= best->depth)) best = &p;
  return best;
}

bool is_wrong(const RequirementsState& state, std::size_t i) {
  const PartTruth& part = state.parts[i];
  return part.known &&
         ((state.needs[i] == Need::hold && !part.truth) || (state.needs[i] == Need::not_hold && part.truth));
}

bool is_atom(const std::vector<PartTruth>& parts, std::size_t i) {
  return i + 1 >= parts.size() || parts[i + 1].depth <= parts[i].depth;
}

void draw_formula(App& app, const RequirementsState::Row& row) {
  const Theme& t = theme();
  const Recording& r = *app.main.recording;
  const auto& parts = app.requirements.parts;
  ImDrawList* list = ImGui::GetWindowDrawList();
  ImFont* f = font(Font::small_number);
  const float line = f->FontSize * 1.35f, letter = text_size(Font::small_number, "m").x;
  for (const FormulaLine& l : formula_lines(row.that)) {
    ImVec2 p = ImGui::GetCursorScreenPos();
    const float left = p.x, right = p.x + ImGui::GetContentRegionAvail().x;
    p.x += letter * 2 * static_cast<float>(std::min(l.indent, 6));
    int rows = 1;
    for (int i = l.begin; i < l.end;) {  // pieces of one colour, wrapped at blanks
      const PartTruth* part = part_at(parts, i);
      int j = i;
      while (j < l.end && part_at(parts, j) == part && (j == i || row.that[static_cast<std::size_t>(j - 1)] != ' '))
        ++j;
      const bool atom = part && is_atom(parts, static_cast<std::size_t>(part - parts.data()));
      const bool false_now = part && atom && is_wrong(app.requirements, static_cast<std::size_t>(part - parts.data()));
      const ImU32 ink = !part || !part->known ? t.dim : false_now ? t.bad : atom ? t.ink : t.dim;
      const std::string piece = row.that.substr(static_cast<std::size_t>(i), static_cast<std::size_t>(j - i));
      const float w = f->CalcTextSizeA(f->FontSize, 1e9f, 0, piece.c_str()).x;
      if (p.x + w > right && p.x > left + letter * 4) p.x = left + letter * 4, p.y += line, ++rows;
      if (false_now) list->AddRectFilled({p.x, p.y - 1}, {p.x + w, p.y + line - 2}, with_alpha(t.bad, 0.14f));
      list->AddText(f, f->FontSize, p, ink, piece.c_str());
      p.x += w;
      i = j;
    }
    ImGui::Dummy({1, line * static_cast<float>(rows) - ImGui::GetStyle().ItemSpacing.y});
  }
  // Each comparison with what its signals are at the cursor.
  ImGui::Dummy({1, 1});
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (!is_atom(parts, i)) continue;
    std::string values;
    try {
      for (const SignalInfo& s : parse_formula(parts[i].text, {row.source, 0, 0}).signals)
        if (r.has(s.name))
          values += fmt::format("{}{} {}", values.empty() ? "" : ",  ", s.name,
                                format_value(value_at(app.main, s.name, app.cursor_s), s.unit));
    } catch (const InputError&) {
    }
    // Crosses are for what has to hold and does not; what need not hold is false without being wrong.
    const bool wrong = is_wrong(app.requirements, i), free = app.requirements.needs[i] == Need::none;
    const std::string sign = !parts[i].known ? "·" : wrong ? "✗" : parts[i].truth ? "✓" : "–";
    text(Font::small_number,
         !parts[i].known || (free && !parts[i].truth) ? t.dim
         : wrong                                      ? t.bad
                                                      : t.good,
         fit_text(Font::small_number, fmt::format("{} {}", sign, values), ImGui::GetContentRegionAvail().x));
    tooltip(fmt::format("{}\n{}{}", parts[i].text,
                        !parts[i].known
                            ? "unknown at the cursor: a signal is missing, or the run has not reached this time"
                        : parts[i].truth ? "holds at the cursor"
                                         : "does not hold at the cursor",
                        parts[i].known && free ? ", and need not" : ""));
  }
  if (!app.requirements.problem.empty()) text(Font::small, t.warn, app.requirements.problem);
}

std::string margin_text(const RequirementsState::Row& row) {
  if (!judged(row)) return "";
  if (std::isinf(row.verdict.margin)) return row.verdict.outcome == Outcome::pass ? "holds" : "false";
  return format_difference(row.verdict.margin, row.verdict.unit, 3);
}

}  // namespace

void draw_requirements(App& app) {
  if (!app.main.recording || app.main.requirements.empty()) {
    draw_empty("No requirements", "This scenario has no requirements: lines under `require:` are judged here.");
    return;
  }
  const Theme& t = theme();
  RequirementsState& state = app.requirements;
  const float unit = ImGui::GetFontSize();
  // Head: how many of each, filter.
  int passed = 0, failed = 0;
  for (const auto& row : state.rows)
    passed += row.verdict.outcome == Outcome::pass, failed += row.verdict.outcome == Outcome::fail;
  const std::string names[] = {fmt::format("all {}", state.rows.size()), fmt::format("✗ {}", failed),
                               fmt::format("✓ {}", passed)};
  for (int i = 0; i < 3; ++i) {
    if (i) ImGui::SameLine(0, unit * 0.8f);
    const ImVec2 p = ImGui::GetCursorScreenPos(), size = text_size(Font::small, names[i]);
    const float height = ImGui::GetFrameHeight();
    if (ImGui::InvisibleButton(names[i].c_str(), {size.x, height})) state.show = i;
    draw_text(ImGui::GetWindowDrawList(), Font::small, p.x, p.y + (height - size.y) / 2,
              state.show == i    ? t.accent
              : i == 1 && failed ? t.bad
                                 : t.dim,
              names[i]);
    tooltip(i == 0 ? "All, worst first" : i == 1 ? "Only those that fail" : "Only those that pass");
  }
  ImGui::SameLine(0, unit);
  ImGui::SetNextItemWidth(std::max(unit * 4, std::min(unit * 14, ImGui::GetContentRegionAvail().x)));
  ImGui::InputTextWithHint("##filter", "filter", state.filter, sizeof state.filter);
  if (app.session) {
    const float left = ImGui::GetItemRectMax().x + unit;  // a line is begun only where there is room for it
    if (ImGui::GetWindowPos().x + ImGui::GetWindowContentRegionMax().x - left > unit * 9) {
      ImGui::SameLine(0, unit);
      const bool whole = state.judged.whole && !being_judged(app);
      text(
          Font::small, t.dim,
          whole ? std::string("judged, all of it")
          : state.judged_of && !state.judged.whole
              ? fmt::format("judged to {}", format_time(seconds(state.judged.to * app.main.recording->tick_ns()), 0.01))
              : std::string("judging ..."));
    }
  }
  ImGui::BeginChild("list", {0, 0}, false);
  const float inner = ImGui::GetContentRegionAvail().x;
  for (std::size_t k = 0; k < state.rows.size(); ++k) {
    const auto& row = state.rows[k];
    if (!on_show(state, row)) continue;
    const bool selected = app.selected.requirement == row.id,
               early = row.so_far && row.verdict.outcome != Outcome::fail;
    const std::string word = !row.judged ? app.session ? "judging" : ""
                             : early     ? "holds so far"
                                         : outcome_name(row.verdict.outcome);
    const ImU32 colour = !row.judged ? t.faint : early ? t.accent : verdict_colour(outcome_name(row.verdict.outcome));
    const char* sign = !row.judged || early                   ? "·"
                       : row.verdict.outcome == Outcome::pass ? "✓"
                       : row.verdict.outcome == Outcome::fail ? "✗"
                                                              : "▲";
    const ImVec2 p = ImGui::GetCursorScreenPos();
    const float height = std::floor(unit * 2.5f);
    ImGui::PushID(row.id.c_str());
    if (ImGui::InvisibleButton("row", {inner, height})) {
      const RequirementsState::Row copy = row;
      select_requirement(app, copy);
    }
    if (state.scroll_to == row.id) {
      ImGui::SetScrollHereY();
      state.scroll_to.clear();
    }
    const bool hovered = ImGui::IsItemHovered();
    tooltip(fmt::format("{}\n{}{}", row.text, row.verdict.reason.empty() || early ? "" : row.verdict.reason + "\n",
                        row.source));
    ImDrawList* list = ImGui::GetWindowDrawList();
    if (selected || hovered)
      list->AddRectFilled(p, {p.x + inner, p.y + height},
                          with_alpha(selected ? t.accent : t.ink, selected ? 0.14f : 0.05f), 5);
    draw_text(list, Font::text, p.x + unit * 0.4f, p.y + unit * 0.2f, colour, sign);
    const std::string margin = judged(row) ? margin_text(row) : word;
    const ImVec2 m = text_size(Font::small_number, margin);
    draw_text(list, Font::small_number, p.x + inner - m.x - unit * 0.4f, p.y + unit * 0.3f, colour, margin);
    draw_text(list, Font::text, p.x + unit * 1.7f, p.y + unit * 0.15f, t.ink,
              fit_text(Font::text, row.id, inner - m.x - unit * 3));
    const std::string at = judged(row) && inner > unit * 20 ? format_time(row.verdict.at_s, 1e-3) : "";
    const ImVec2 a = text_size(Font::small_number, at);
    draw_text(list, Font::small_number, p.x + inner - a.x - unit * 0.4f, p.y + unit * 1.4f, t.faint, at);
    draw_text(list, Font::small, p.x + unit * 1.7f, p.y + unit * 1.35f, t.dim,
              fit_text(Font::small, row.text, inner - a.x - unit * 3));
    if (selected) {
      explain_selected(app, row);
      ImGui::Indent(unit * 1.7f);
      draw_formula(app, row);
      if (!row.source.empty()) text(Font::small, t.faint, fit_text(Font::small, row.source, inner - unit * 2));
      ImGui::Unindent(unit * 1.7f);
    }
    ImGui::PopID();
  }
  ImGui::EndChild();
}

}  // namespace pensim::dashboard
