#include "sim/input/quantity.h"

#include <fmt/format.h>
#include <udunits2.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <map>
#include <memory>
#include <utility>
#include <vector>

namespace pensim {
namespace {

enum { metre, kilogram, second, ampere, kelvin, radian, count_of, dimensions };

struct Symbol {
  const char* text;
  Dimension dimension;
  int ten;
  double factor, offset;
  bool prefixed;  // takes a prefix
};

constexpr Dimension dim(int m, int kg, int s, int a = 0, int k = 0, int rad = 0, int n = 0) {
  return {{static_cast<std::int8_t>(m), static_cast<std::int8_t>(kg), static_cast<std::int8_t>(s),
           static_cast<std::int8_t>(a), static_cast<std::int8_t>(k), static_cast<std::int8_t>(rad),
           static_cast<std::int8_t>(n)}};
}

constexpr double pi = 3.14159265358979323846;

// Everything that scenarios and the catalog use, so that the udunits2 database (5 ms) is rarely read. quantity_test
// holds each line against udunits2; the radian and the count, which udunits2 does not tell from 1, and `deg` are ours.
constexpr Symbol symbols[] = {
    {"m", dim(1, 0, 0), 0, 1, 0, true},
    {"g", dim(0, 1, 0), -3, 1, 0, true},
    {"s", dim(0, 0, 1), 0, 1, 0, true},
    {"A", dim(0, 0, 0, 1), 0, 1, 0, true},
    {"K", dim(0, 0, 0, 0, 1), 0, 1, 0, true},
    {"N", dim(1, 1, -2), 0, 1, 0, true},
    {"Pa", dim(-1, 1, -2), 0, 1, 0, true},
    {"J", dim(2, 1, -2), 0, 1, 0, true},
    {"W", dim(2, 1, -3), 0, 1, 0, true},
    {"V", dim(2, 1, -3, -1), 0, 1, 0, true},
    {"Hz", dim(0, 0, -1), 0, 1, 0, true},
    {"ohm", dim(2, 1, -3, -2), 0, 1, 0, true},
    {"H", dim(2, 1, -2, -2), 0, 1, 0, true},
    {"F", dim(-2, -1, 4, 2), 0, 1, 0, true},
    {"C", dim(0, 0, 1, 1), 0, 1, 0, true},
    {"min", dim(0, 0, 1), 0, 60, 0, false},
    {"h", dim(0, 0, 1), 0, 3600, 0, false},
    {"rpm", dim(0, 0, -1), 0, 1.0 / 60.0, 0, false},
    {"degC", dim(0, 0, 0, 0, 1), 0, 1, 273.15, false},
    {"\xC2\xB0"
     "C",
     dim(0, 0, 0, 0, 1), 0, 1, 273.15, false},
    {"%", dim(0, 0, 0), -2, 1, 0, false},
    {"rad", dim(0, 0, 0, 0, 0, 1), 0, 1, 0, true},
    {"deg", dim(0, 0, 0, 0, 0, 1), 0, pi / 180.0, 0, false},
    {"\xC2\xB0", dim(0, 0, 0, 0, 0, 1), 0, pi / 180.0, 0, false},
    {"count", dim(0, 0, 0, 0, 0, 0, 1), 0, 1, 0, false},
    {"counts", dim(0, 0, 0, 0, 0, 0, 1), 0, 1, 0, false},
};
constexpr struct {
  const char* text;
  int ten;
} prefixes[] = {{"p", -12}, {"n", -9}, {"u", -6}, {"\xC2\xB5", -6}, {"\xCE\xBC", -6},
                {"m", -3},  {"c", -2}, {"k", 3},  {"M", 6},         {"G", 9}};

std::optional<Unit> built_in(std::string_view text) {
  for (const Symbol& s : symbols)
    if (text == s.text) return Unit{s.dimension, s.ten, s.factor, s.offset};
  for (const auto& prefix : prefixes) {
    const std::size_t length = std::strlen(prefix.text);
    if (text.substr(0, length) != prefix.text) continue;
    for (const Symbol& s : symbols)
      if (s.prefixed && text.substr(length) == s.text) return Unit{s.dimension, s.ten + prefix.ten, s.factor, 0.0};
  }
  return std::nullopt;
}

// The database of udunits2, read when the first unknown symbol comes along.
class Database {
 public:
  Database() {
    ut_set_error_message_handler(ut_ignore);
    system_.reset(ut_read_xml(nullptr));
    if (!system_) return;
    for (const auto& [name, power] :
         {std::pair{"m", metre}, {"kg", kilogram}, {"s", second}, {"A", ampere}, {"K", kelvin}}) {
      base_[power].reset(ut_parse(system_.get(), name, UT_UTF8));
      if (!base_[power]) return;
    }
    usable_ = true;
  }

  std::optional<Unit> symbol(const std::string& text) {
    if (!usable_) return std::nullopt;
    const UnitPtr unit(ut_parse(system_.get(), text.c_str(), UT_UTF8));
    if (!unit) return std::nullopt;
    for (const Dimension& dimension : candidates()) {
      const UnitPtr si = product(dimension);
      if (!si || !ut_are_convertible(unit.get(), si.get())) continue;
      const std::unique_ptr<cv_converter, decltype(&cv_free)> convert(ut_get_converter(unit.get(), si.get()), &cv_free);
      if (!convert) return std::nullopt;
      const double at0 = cv_convert_double(convert.get(), 0.0), at1 = cv_convert_double(convert.get(), 1.0);
      const double at2 = cv_convert_double(convert.get(), 2.0);
      if (!std::isfinite(at0) || !std::isfinite(at1) ||
          std::abs((at2 - at1) - (at1 - at0)) > 1e-9 * std::abs(at1 - at0))
        return std::nullopt;  // logarithmic or reciprocal: no unit of a quantity here
      return Unit{dimension, 0, at1 - at0, at0};
    }
    return std::nullopt;
  }

 private:
  struct FreeUnit {
    void operator()(ut_unit* unit) const { ut_free(unit); }
  };
  struct FreeSystem {
    void operator()(ut_system* system) const { ut_free_system(system); }
  };
  using UnitPtr = std::unique_ptr<ut_unit, FreeUnit>;

  // Single symbols outside the table are of few kinds: inch, pound-force, mmHg, hp, year, eV, degF, acre, litre, knot
  // ...
  static std::vector<Dimension> candidates() {
    std::vector<Dimension> all = {dim(0, 0, 0),  dim(1, 0, -1),     dim(2, 0, 0),      dim(3, 0, 0),
                                  dim(1, 0, -2), dim(0, 1, -2),     dim(0, 1, -1),     dim(-1, 1, -1),
                                  dim(2, 0, -1), dim(-2, -1, 3, 2), dim(0, 1, -2, -1), dim(2, 1, -2, -1)};
    for (const Symbol& s : symbols) all.push_back(s.dimension);
    return all;
  }

  UnitPtr product(const Dimension& dimension) const {
    if (dimension.exponents[radian] != 0 || dimension.exponents[count_of] != 0) return nullptr;
    UnitPtr unit(ut_get_dimensionless_unit_one(system_.get()));
    for (int k = metre; k <= kelvin; ++k) {
      const int power = dimension.exponents[static_cast<std::size_t>(k)];
      if (power == 0) continue;
      const UnitPtr raised(ut_raise(base_[k].get(), power));
      if (!raised) return nullptr;
      unit.reset(ut_multiply(unit.get(), raised.get()));
      if (!unit) return nullptr;
    }
    return unit;
  }

  std::unique_ptr<ut_system, FreeSystem> system_;
  UnitPtr base_[5];
  bool usable_ = false;
};

std::optional<Unit> lookup(std::string_view symbol) {
  if (auto unit = built_in(symbol)) return unit;
  if (symbol.size() > 30) return std::nullopt;
  for (char c : symbol)
    if (!std::isalpha(static_cast<unsigned char>(c)) && c != '_' && static_cast<unsigned char>(c) < 0x80)
      return std::nullopt;
  static std::map<std::string, std::optional<Unit>, std::less<>> asked;
  if (const auto known = asked.find(symbol); known != asked.end()) return known->second;
  static Database database;
  auto unit = database.symbol(std::string(symbol));
  if (asked.size() < 1000) asked.emplace(symbol, unit);
  return unit;
}

bool symbol_char(char c) {
  return std::isalpha(static_cast<unsigned char>(c)) || c == '_' || c == '%' || static_cast<unsigned char>(c) >= 0x80;
}

std::string_view trim(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

std::string shown(std::string_view text) {
  std::string out;
  for (char c : text.substr(0, 60)) out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  if (text.size() > 60) {
    while (!out.empty() && (static_cast<unsigned char>(out.back()) & 0xC0) == 0x80) out.pop_back();
    if (!out.empty() && static_cast<unsigned char>(out.back()) >= 0x80) out.pop_back();
    out += "...";
  }
  return out;
}

struct Kind {
  const char* unit;
  const char* name;
  const char* example;  // "a length such as 1.5 mm"
};
constexpr Kind kinds[] = {
    {"m", "length", "a length such as 1.5 mm"},
    {"s", "time", "a time such as 0.25 s"},
    {"Hz", "frequency", "a frequency such as 120 Hz"},
    {"N", "force", "a force such as 1.5 N"},
    {"m/s", "speed", "a speed such as 20 mm/s"},
    {"K", "temperature", "a temperature such as 23 degC"},
    {"1", "pure number", "a number without a unit, or a percentage such as 80 %"},
    {"count", "count", "a whole number of counts such as 372"},
    {"rad", "angle", "an angle such as 5 deg"},
    {"V", "voltage", "a voltage such as 3.7 V"},
    {"A", "current", "a current such as 50 mA"},
    {"ohm", "resistance", "a resistance such as 1.05 ohm"},
    {"H", "inductance", "an inductance such as 26 uH"},
    {"F", "capacitance", "a capacitance such as 704 F"},
    {"A s", "charge", "a charge such as 850 mA h"},
    {"N m", "torque or energy", "a torque such as 0.12 mN m"},
    {"J/K", "heat capacity", "a heat capacity such as 7.6 J/K"},
    {"W", "power", "a power such as 2 W"},
    {"Pa", "pressure", "a pressure or modulus such as 50 kPa"},
    {"kg", "mass", "a mass such as 0.35 g"},
    {"kg m^2", "moment of inertia", "a moment of inertia such as 1e-7 kg m^2"},
    {"kg/m^3", "density", "a density such as 1050 kg/m^3"},
    {"N/m", "stiffness", "a stiffness such as 150 N/m"},
    {"N s/m", "damping", "a damping such as 0.02 N s/m"},
    {"m^2", "area", "an area such as 5 mm^2"},
    {"m/s^2", "acceleration", "an acceleration such as 9.81 m/s^2"},
    {"1/m^2", "number per area", "a number per area such as 250 1/cm^2"},
    {"rad/s", "angular speed", "an angular speed such as 10 rad/s"},
    {"K/W", "thermal resistance", "a thermal resistance such as 25 K/W"},
    {"1/K", "temperature coefficient", "a temperature coefficient such as 0.0039 1/K"},
    {"V s/rad", "motor constant", "a motor constant such as 3.25e-3 V s/rad"},
    {"m/N", "compliance", "a compliance such as 0.1 mm/N"},
    {"J/m2", "toughness", "a toughness such as 0.9 kJ/m^2"},
    {"V/A", "resistance", "a gain such as 1 V/A"},
    {"N m s/rad", "rotational damping", "a rotational damping such as 1e-7 N m s/rad"},
    {"Pa s/m", "damping per area", "a damping per area such as 5e3 Pa s/m"},
};

struct Number {
  std::string text;  // mantissa and exponent, as from_chars takes them
  std::string_view rest;
};

// value = digits * 10^ten, rounded once.
double scaled(const std::string& number, int ten) {
  if (ten == 0) {
    double value = 0.0;
    std::from_chars(number.data(), number.data() + number.size(), value);
    return value;
  }
  const std::size_t e = number.find_first_of("eE");
  long exponent = 0;
  if (e != std::string::npos) {
    const char* begin = number.data() + e + 1;
    if (*begin == '+') ++begin;
    std::from_chars(begin, number.data() + number.size(), exponent);
  }
  const std::string text = number.substr(0, e) + fmt::format("e{}", exponent + ten);
  double value = 0.0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc()) return std::numeric_limits<double>::infinity();
  return value;
}

QuantityError not_a_number(std::string_view text, const std::string& expected) {
  const std::string low = [&] {
    std::string l(text.substr(0, 10));
    std::transform(l.begin(), l.end(), l.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return l;
  }();
  const bool nonsense = low.find("nan") != std::string::npos || low.find("inf") != std::string::npos;
  const bool comma = text.find(',') != std::string_view::npos;
  return {"expected " + expected + ", found `" + shown(text) + "`", nonsense ? "give a finite number"
                                                                    : comma  ? "write the decimal point as `.`"
                                                                             : "write a number, a blank and a unit"};
}

Quantity parse(std::string_view given, const std::string& expected) {
  const std::string_view text = trim(given);
  std::string_view body = text;
  if (!body.empty() && body.front() == '+') body.remove_prefix(1);
  if (body.empty() ||
      !(std::isdigit(static_cast<unsigned char>(body.front())) || body.front() == '-' || body.front() == '.') ||
      text.substr(0, 2) == "+-")
    throw not_a_number(text, expected);
  if (body.size() > 200)
    throw QuantityError("expected " + expected + ", found " + fmt::format("{} characters", body.size()),
                        "write fewer digits");
  double plain = 0.0;
  const auto [stop, error] = std::from_chars(body.data(), body.data() + body.size(), plain);
  if (error == std::errc::invalid_argument) throw not_a_number(text, expected);
  const std::string number(body.data(), stop);
  if (error == std::errc::result_out_of_range)
    throw QuantityError("expected " + expected + ", found " + shown(text) + ", which is beyond what a double holds",
                        "write a number between 1e-300 and 1e300");
  if (!std::isfinite(plain)) throw not_a_number(text, expected);
  const std::string_view unit_text =
      trim(std::string_view(stop, static_cast<std::size_t>(body.data() + body.size() - stop)));
  if (!unit_text.empty() && unit_text.front() == ',') throw not_a_number(text, expected);
  const auto unit = find_unit(unit_text);
  if (!unit) {
    std::string hint = "units are case-sensitive: mm, um, Hz, N, mm/s, %, degC, deg, V, mA, mA h, ohm, kPa, rpm";
    std::string folded(unit_text.substr(0, 30));
    std::transform(folded.begin(), folded.end(), folded.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    for (const char* known : {"mm",  "um", "m",   "s",   "ms", "us",   "Hz",  "kHz", "N",    "mN",  "mm/s",
                              "m/s", "V",  "mV",  "A",   "mA", "mA h", "ohm", "K",   "degC", "deg", "rad",
                              "kPa", "Pa", "rpm", "min", "h",  "kg",   "g",   "W",   "J",    "N/m", "N m"}) {
      std::string low(known);
      std::transform(low.begin(), low.end(), low.begin(),
                     [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
      if (low == folded || (folded == "mah" && low == "ma h") || (folded == "nm" && low == "n m") ||
          (folded == "sec" && low == "s"))
        hint = std::string("did you mean ") + known + "? " + hint;
    }
    throw QuantityError("expected " + expected + ", found " + shown(text) + ": `" + shown(unit_text) + "` is no unit",
                        hint);
  }
  Quantity quantity{scaled(number, unit->ten), *unit};
  if (unit->factor != 1.0) quantity.value *= unit->factor;
  if (unit->offset != 0.0) quantity.value += unit->offset;
  if (!std::isfinite(quantity.value))
    throw QuantityError("expected " + expected + ", found " + shown(text) + ", which is beyond what a double holds",
                        "write a smaller number");
  return quantity;
}

const Unit& known_unit(std::string_view text) {
  static std::map<std::string, Unit, std::less<>> cache;
  const auto it = cache.find(text);
  if (it != cache.end()) return it->second;
  const auto unit = find_unit(text);
  if (!unit) throw std::logic_error("no such unit: " + std::string(text));
  return cache.emplace(text, *unit).first->second;
}

}  // namespace

std::optional<Unit> find_unit(std::string_view given) {
  std::string_view text = trim(given);
  if (text.empty()) return Unit{};
  if (text.size() > 60) return std::nullopt;
  Unit unit;
  int sign = 1;
  int factors = 0;
  double up = 1.0, down = 1.0;
  bool first = true;
  while (true) {
    text = trim(text);
    if (text.empty()) return std::nullopt;  // ended with an operator
    std::size_t length = 0;
    while (length < text.size() && symbol_char(text[length])) ++length;
    Unit factor;
    if (length == 0) {
      if (text.front() != '1' || !first || (text.size() > 1 && text[1] != '/')) return std::nullopt;
      length = 1;
    } else {
      const auto found = lookup(text.substr(0, length));
      if (!found) return std::nullopt;
      factor = *found;
    }
    text.remove_prefix(length);
    int power = 1;
    {
      std::string_view digits = text;
      const bool caret = !digits.empty() && digits.front() == '^';
      if (caret) digits.remove_prefix(1);
      if (!digits.empty() &&
          (std::isdigit(static_cast<unsigned char>(digits.front())) ||
           (digits.front() == '-' && digits.size() > 1 && std::isdigit(static_cast<unsigned char>(digits[1]))))) {
        int value = 0;
        const auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
        if (error != std::errc() || value == 0 || std::abs(value) > 4) return std::nullopt;
        power = value;
        text.remove_prefix(static_cast<std::size_t>(stop - text.data()));
      } else if (caret) {
        return std::nullopt;
      }
    }
    power *= sign;
    if (++factors > 8) return std::nullopt;
    if (factor.offset != 0.0) {
      // degC stands alone: per degree it is a difference, and then it is K.
      if (!first || power != 1 || !trim(text).empty()) return std::nullopt;
      return factor;
    }
    for (int k = 0; k < dimensions; ++k) {
      const int sum = unit.dimension.exponents[static_cast<std::size_t>(k)] +
                      power * factor.dimension.exponents[static_cast<std::size_t>(k)];
      if (std::abs(sum) > 20) return std::nullopt;
      unit.dimension.exponents[static_cast<std::size_t>(k)] = static_cast<std::int8_t>(sum);
    }
    unit.ten += power * factor.ten;
    for (int k = 0; k < std::abs(power); ++k) (power > 0 ? up : down) *= factor.factor;
    first = false;
    // operator or the end
    const bool blank = !text.empty() && (text.front() == ' ' || text.front() == '\t');
    text = trim(text);
    if (text.empty()) break;
    if (text.front() == '/') {
      sign = -1;
      text.remove_prefix(1);
    } else if (text.front() == '*' || text.front() == '.') {
      sign = 1;
      text.remove_prefix(1);
    } else if (blank) {
      // "N s/m": a blank multiplies; after a slash it stays with the divisor, "J/kg K" is refused as unclear
      if (sign < 0) return std::nullopt;
    } else {
      return std::nullopt;
    }
  }
  unit.factor = up / down;
  if (!std::isfinite(unit.factor) || unit.factor == 0.0) return std::nullopt;
  return unit;
}

bool same_dimension(const Dimension& expected, const Dimension& found) {
  if (expected == found) return true;
  Dimension a = expected, b = found;
  a.exponents[radian] = b.exponents[radian] = 0;
  if (!(a == b)) return false;
  return !a.none() && !(a == dim(0, 0, -1));
}

std::string dimension_name(const Dimension& dimension) {
  for (const Kind& kind : kinds)
    if (known_unit(kind.unit).dimension == dimension) return kind.name;
  std::string up, down;
  constexpr const char* base[] = {"m", "kg", "s", "A", "K", "rad", "count"};
  for (std::size_t k = 0; k < dimensions; ++k) {
    const int power = dimension.exponents[k];
    if (power == 0) continue;
    std::string& side = power > 0 ? up : down;
    if (!side.empty()) side += ' ';
    side += base[k];
    if (std::abs(power) > 1) side += fmt::format("^{}", std::abs(power));
  }
  return (up.empty() ? "1" : up) + (down.empty() ? "" : "/" + down);
}

std::string quantity_example(std::string_view si_unit) {
  for (const Kind& kind : kinds)
    if (si_unit == kind.unit) return kind.example;
  const Dimension& dimension = known_unit(si_unit).dimension;
  for (const Kind& kind : kinds)
    if (known_unit(kind.unit).dimension == dimension) return kind.example;
  return "a quantity in " + std::string(si_unit);
}

Quantity parse_quantity(std::string_view text) { return parse(text, "a number with a unit such as 1.5 mm"); }

double parse_quantity(std::string_view text, std::string_view si_unit, Temperature kind) {
  const Unit& expected_unit = known_unit(si_unit);
  const bool temperature_difference = kind == Temperature::difference && expected_unit.dimension == dim(0, 0, 0, 0, 1);
  const std::string expected =
      temperature_difference ? "a temperature difference such as 5 K" : quantity_example(si_unit);
  const Quantity quantity = parse(text, expected);
  const Dimension& found = quantity.unit.dimension;
  const bool bare_count = expected_unit.dimension == dim(0, 0, 0, 0, 0, 0, 1) && found.none();
  if (!bare_count && !same_dimension(expected_unit.dimension, found)) {
    const std::string hint = found.none()                     ? "give the unit"
                             : expected_unit.dimension.none() ? "leave the unit out"
                                                              : "convert it, or is this meant for another key?";
    throw QuantityError(
        "expected " + expected + ", found " + shown(trim(text)) +
            (found.none() && text.find('%') == std::string_view::npos ? " (no unit)"
                                                                      : " (" + dimension_name(found) + ")"),
        hint);
  }
  if (temperature_difference && quantity.unit.offset != 0.0)
    throw QuantityError("expected " + expected + ", found " + shown(trim(text)) + " (an absolute temperature)",
                        "a difference is written in K");
  return (quantity.value - expected_unit.offset) / expected_unit.factor;
}

std::optional<bool> parse_switch(std::string_view text) {
  for (const char* word : {"on", "On", "ON", "true", "True", "TRUE", "yes", "Yes", "YES"})
    if (text == word) return true;
  for (const char* word : {"off", "Off", "OFF", "false", "False", "FALSE", "no", "No", "NO"})
    if (text == word) return false;
  return std::nullopt;
}

std::string format_quantity(double value_si, std::string_view si_unit) {
  if (si_unit == "1" || si_unit == "count" || si_unit.empty()) return fmt::format("{:.6g}", value_si);
  if (si_unit == "K") return fmt::format("{:.6g} degC", std::round((value_si - 273.15) * 1e6) / 1e6);
  if (si_unit == "rad") return fmt::format("{:.6g} deg", value_si * 180.0 / pi);
  if (si_unit == "kg") return fmt::format("{:.6g} g", value_si * 1e3);
  // A prefix for a unit that begins with a single prefixable symbol: the number stays between 0.1 and 1000 where one
  // exists.
  const std::size_t end = si_unit.find_first_of(" /^");
  const std::string_view head = si_unit.substr(0, end);
  const bool power = end != std::string_view::npos && si_unit[end] == '^';
  const bool takes_prefix = !power && std::any_of(std::begin(symbols), std::end(symbols),
                                                  [&](const Symbol& s) { return s.prefixed && head == s.text; });
  const double size = std::abs(value_si);
  if (takes_prefix && size > 0.0 && head != "Hz") {
    constexpr struct {
      double factor;
      const char* prefix;
    } steps[] = {{1e-9, "n"}, {1e-6, "u"}, {1e-3, "m"}, {1.0, ""}, {1e3, "k"}, {1e6, "M"}};
    const auto* best = &steps[0];
    for (const auto& step : steps)
      if (size >= 0.1 * step.factor || &step == &steps[0]) best = &step;
    if (best->factor > 1.0 && (head == "s" || head == "m")) best = &steps[3];
    if (best->factor == 1e-3 && head == "s" && size >= 0.1) best = &steps[3];
    return fmt::format("{:.6g} {}{}", value_si / best->factor, best->prefix, si_unit);
  }
  return fmt::format("{:.6g} {}", value_si, si_unit);
}

std::string show_quantity(double si, const std::string& unit) {
  if (std::isinf(si)) return si > 0 ? "inf" : "-inf";
  if (std::isnan(si)) return "-";
  if (unit == "m") return fmt::format("{:.4g} mm", si * 1e3);
  if (unit == "s") return fmt::format("{:.4g} ms", si * 1e3);
  if (unit == "1" || unit.empty()) return fmt::format("{:.4g}", si);
  if (unit == "m/s") return fmt::format("{:.4g} mm/s", si * 1e3);
  if (unit == "1/m^2") return fmt::format("{:.4g} /cm^2", si * 1e-4);
  if (unit == "rad") return fmt::format("{:.4g} deg", si * 57.29577951308232);
  return fmt::format("{:.4g} {}", si, unit);
}

}  // namespace pensim
