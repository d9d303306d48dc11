// quantity.h - "1.5 mm", "120 Hz", "80 %", "23 degC": text with a unit becomes SI, and its dimension is checked.
//
// Unit grammar: symbols with an optional prefix and integer exponent, joined by a blank, `*`, `.` or `/` ("N m",
// "1/cm^2", "mm/s", "V s/rad"). Common symbols are built in; any other single symbol is asked of udunits2, whose
// database is read only then.
// A value in a decimal unit is rounded once: "1.5 mm" is the double 1.5e-3, not 1.5 times 1e-3.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace pensim {

struct Dimension {
  // exponents of metre, kilogram, second, ampere, kelvin, radian, count; the others of SI do not occur in a pen
  std::array<std::int8_t, 7> exponents{};
  bool operator==(const Dimension&) const = default;
  bool none() const { return *this == Dimension{}; }
};

// SI value = (x * 10^ten * factor) + offset
struct Unit {
  Dimension dimension;
  int ten = 0;
  double factor = 1.0;
  double offset = 0.0;
};

// nullopt if the text is no unit. "" and "1" are the unit of pure numbers.
std::optional<Unit> find_unit(std::string_view text);

struct Quantity {
  double value = 0.0;  // SI
  Unit unit;           // as written
};

// What was found and what was expected, without a place: "expected a length such as 1.5 mm, found 3 N (force)".
class QuantityError : public std::runtime_error {
 public:
  QuantityError(const std::string& message, std::string hint_text)
      : std::runtime_error(message), hint(std::move(hint_text)) {}
  std::string hint;
};

enum class Temperature : std::uint8_t { absolute, difference };

// A number with an optional unit of any dimension. Throws QuantityError.
Quantity parse_quantity(std::string_view text);
// In the dimension of `si_unit` ("m", "N m", "1/m^2", "1", "count"); the value is in that unit. A pure number or "%"
// where "1" is expected.
// degC is an absolute temperature and is refused where a difference is asked for. Throws QuantityError.
double parse_quantity(std::string_view text, std::string_view si_unit, Temperature kind = Temperature::absolute);
// on, off, true, false, yes, no; nullopt for anything else.
std::optional<bool> parse_switch(std::string_view text);

// May a quantity of `found` stand where `expected` is asked for? The radian is let go in compounds (N m s/rad), but Hz
// is not rad/s.
bool same_dimension(const Dimension& expected, const Dimension& found);
std::string dimension_name(const Dimension&);            // "length", "force", "1/s^2"...
std::string quantity_example(std::string_view si_unit);  // "a length such as 1.5 mm"
// "1.5 mm", "120 Hz", "80 %", "23 degC": as a user would write it.
std::string format_quantity(double value_si, std::string_view si_unit);

// "1.234 mm", "-0.32 Hz", "inf"; margins are shown in the units of the field (mm, ms, %).
std::string show_quantity(double si, const std::string& unit);

}  // namespace pensim
