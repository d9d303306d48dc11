// What a session writes: the original where nothing was changed, with its units and comments.
#include "sim/scenario/scenario_text.h"

#include <gtest/gtest.h>

#include "sim/scenario/key_list.h"

namespace pensim {
namespace {

constexpr const char* original = R"yaml(# A treatment.
title: "One: of many"   # shown in reports
seed: 0031
duration: 1500 ms
skin: {region: cheek, condition: normal}  # as usual

# What happens.
timeline:
  # dials first
  - {at: 100 ms, set: user.depth, to: 1.0 mm}
  - at: 0.2 s   # in block style
    set: user.start
    to: yes
  - {at: 0.5 s, fault: hall.dropout, for: 20 ms}   # short
# The end.
require:
  - {id: A, that: "always (motor.speed <= 200 Hz)"}
)yaml";

Scenario scenario() {
  Scenario s = parse_scenario(original, "folder/a.yaml");
  s.text = original;
  return s;
}

ScenarioEdits edits(const Scenario& s) { return {s.overrides, s.timeline, s.tick_ns, s.watch, {}}; }

void expect_same_run(const std::string& text, const ScenarioEdits& wanted) {
  const Scenario back = parse_scenario(text, "folder/a.yaml");
  ASSERT_EQ(back.timeline.size(), wanted.timeline.size());
  for (std::size_t i = 0; i < back.timeline.size(); ++i) {
    EXPECT_EQ(back.timeline[i].at, wanted.timeline[i].at);
    EXPECT_EQ(back.timeline[i].value, wanted.timeline[i].value);
    EXPECT_EQ(back.timeline[i].duration, wanted.timeline[i].duration);
  }
}

TEST(ScenarioText, WithoutAChangeItIsTheOriginal) {
  const Scenario s = scenario();
  EXPECT_EQ(scenario_text(s, edits(s), "folder"), original);
}

TEST(ScenarioText, AChangedLineIsWrittenAsPeopleWriteAndTheOthersStay) {
  const Scenario s = scenario();
  ScenarioEdits e = edits(s);
  e.timeline[0].value = 0.75e-3;
  Command press;
  press.at = 8000;
  press.name = "operator.press";
  press.value = 2.5;
  press.over = 2000;
  e.timeline.insert(e.timeline.begin() + 2, press);
  const std::string text = scenario_text(s, e, "folder");
  EXPECT_NE(text.find("  - {at: 0.1 s, set: user.depth, to: 0.75 mm}\n"), std::string::npos) << text;
  EXPECT_NE(text.find("  - {at: 0.4 s, set: operator.press, to: 2.5 N, over: 0.1 s}\n"), std::string::npos) << text;
  for (const char* kept :
       {"# A treatment.\ntitle: \"One: of many\"   # shown in reports\nseed: 0031\n", "# as usual\n\n# What happens.\n",
        "  - at: 0.2 s   # in block style\n    set: user.start\n    to: yes\n", "for: 20 ms}   # short\n# The end.\n"})
    EXPECT_NE(text.find(kept), std::string::npos) << kept << "\nin\n" << text;
  expect_same_run(text, e);
}

TEST(ScenarioText, ANumberThatPeopleWouldCutKeepsEveryDigit) {
  const Scenario s = scenario();
  ScenarioEdits e = edits(s);
  e.timeline[0].value = 0.00123456789012345;
  expect_same_run(scenario_text(s, e, "folder"), e);
}

TEST(ScenarioText, AnOverrideRewritesItsKeyAlone) {
  const Scenario s = scenario();
  ScenarioEdits e = edits(s);
  e.overrides = {"skin.region=forehead", "operator.press=2 N"};
  e.timeline.clear();
  const std::string text = scenario_text(s, e, "folder");
  const Scenario back = parse_scenario(text, "folder/a.yaml");
  EXPECT_EQ(back.skin.region, "forehead");
  EXPECT_EQ(back.operation.press_N, 2);
  EXPECT_TRUE(back.timeline.empty());
  EXPECT_NE(text.find("title: \"One: of many\"   # shown in reports\n"), std::string::npos) << text;
  EXPECT_EQ(text.find("timeline"), std::string::npos) << text;
}

// What cannot be spliced (all of it on one line) is written anew.
TEST(ScenarioText, FlowStyleIsWrittenAnew) {
  const std::string flow = "{title: a, duration: 1 s, timeline: [{at: 0.1 s, set: user.depth, to: 1 mm}]}\n";
  Scenario s = parse_scenario(flow, "a.yaml");
  s.text = flow;
  ScenarioEdits e = edits(s);
  e.timeline[0].value = 2e-3;
  expect_same_run(scenario_text(s, e, ""), e);
}

TEST(KeyList, HasEachKeyWithItsPresentValue) {
  const std::vector<ScenarioKey> keys = scenario_key_list(scenario());
  const auto named = [&](const std::string& path) {
    for (const ScenarioKey& k : keys)
      if (k.path == path) return k;
    return ScenarioKey{};
  };
  EXPECT_EQ(keys.front().path.substr(0, 5), "skin.");
  EXPECT_EQ(named("skin.condition").now, "normal");
  EXPECT_GT(named("skin.condition").words.size(), 2u);
  EXPECT_EQ(named("seed").now, "31");
  EXPECT_EQ(named("duration").now, "1.5 s");
  EXPECT_EQ(named("operator.contact").words, (std::vector<std::string>{"on", "off"}));
  EXPECT_EQ(named("timeline").path, "");
  EXPECT_EQ(named("insertion.speed").path, "");
}

}  // namespace
}  // namespace pensim
