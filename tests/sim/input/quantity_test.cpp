// Text with units becomes SI, rounded once; everything else is refused with words that help.
#include "sim/input/quantity.h"

#include <gtest/gtest.h>
#include <udunits2.h>

#include <cmath>

namespace pensim {
namespace {

double value(const char* text, const char* unit) { return parse_quantity(text, unit); }

std::string refusal(const char* text, const char* unit, Temperature kind = Temperature::absolute) {
  try {
    const double v = parse_quantity(text, unit, kind);
    return "accepted as " + std::to_string(v);
  } catch (const QuantityError& error) {
    EXPECT_FALSE(error.hint.empty()) << text;
    return error.what();
  }
}

TEST(Quantity, TheContractsExamples) {
  EXPECT_EQ(value("1.5 mm", "m"), 1.5e-3);
  EXPECT_EQ(value("120 Hz", "Hz"), 120.0);
  EXPECT_EQ(value("2.5 N", "N"), 2.5);
  EXPECT_EQ(value("80 %", "1"), 0.8);
  EXPECT_EQ(value("20 mm/s", "m/s"), 0.02);
  EXPECT_DOUBLE_EQ(value("23 degC", "K"), 296.15);
  EXPECT_DOUBLE_EQ(value("5 deg", "rad"), 5 * 3.14159265358979323846 / 180);
  EXPECT_EQ(value("3.7 V", "V"), 3.7);
  EXPECT_DOUBLE_EQ(value("850 mA h", "A s"), 3060.0);
  EXPECT_EQ(value("1.05 ohm", "ohm"), 1.05);
  EXPECT_EQ(value("12", "1"), 12.0);
  EXPECT_EQ(value("372", "count"), 372.0);
  EXPECT_DOUBLE_EQ(value("250 1/cm^2", "1/m^2"), 2.5e6);
  EXPECT_DOUBLE_EQ(value("7000 rpm", "Hz"), 7000.0 / 60.0);
}

TEST(Quantity, ADecimalUnitIsRoundedOnce) {
  // 0.3 * 1e-3 and 3e-4 differ in the last bit for some digits: each must equal the literal.
  EXPECT_EQ(value("0.1 mm", "m"), 0.1e-3);
  EXPECT_EQ(value("0.3 mm", "m"), 0.3e-3);
  EXPECT_EQ(value("0.7 mm", "m"), 0.7e-3);
  EXPECT_EQ(value("15 um", "m"), 15e-6);
  EXPECT_EQ(value("1.1e2 um", "m"), 1.1e-4);
  EXPECT_EQ(value("26 uH", "H"), 26e-6);
  EXPECT_EQ(value("5 %", "1"), 0.05);
  EXPECT_EQ(value("7 %", "1"), 0.07);
  EXPECT_EQ(value("3 mm^2", "m^2"), 3e-6);
  EXPECT_EQ(value("0.12 mN m", "N m"), 0.12e-3);
  EXPECT_EQ(value("0.35 g", "kg"), 0.35e-3);
}

TEST(Quantity, FormsOfNumbers) {
  for (const char* text : {"1.5 mm", "1.5mm", "+1.5 mm", " 1.5  mm ", "1.50 mm", "15e-1 mm", "15E-1 mm", "1.5e+0 mm",
                           "0.0015 m", "1500 um", "1500 \xC2\xB5m", "1500 \xCE\xBCm", ".15 cm", "150e1 um"})
    EXPECT_DOUBLE_EQ(value(text, "m"), 1.5e-3) << text;
  EXPECT_EQ(value("-3 mm", "m"), -3e-3);
  EXPECT_EQ(value("0 N", "N"), 0.0);
  EXPECT_DOUBLE_EQ(value("23 \xC2\xB0"
                         "C",
                         "K"),
                   296.15);
  EXPECT_DOUBLE_EQ(value("-10 degC", "K"), 263.15);
  EXPECT_DOUBLE_EQ(value("5\xC2\xB0", "rad"), value("5 deg", "rad"));
}

TEST(Quantity, CompoundUnits) {
  EXPECT_DOUBLE_EQ(value("3.25e-3 V s/rad", "V s/rad"), 3.25e-3);
  EXPECT_DOUBLE_EQ(value("0.02 N s/m", "N s/m"), 0.02);
  EXPECT_DOUBLE_EQ(value("150 N/m", "N/m"), 150.0);
  EXPECT_DOUBLE_EQ(value("0.15 N/mm", "N/m"), 150.0);
  EXPECT_DOUBLE_EQ(value("1e-7 kg m^2", "kg m^2"), 1e-7);
  EXPECT_DOUBLE_EQ(value("1e-7 kg*m2", "kg m^2"), 1e-7);
  EXPECT_DOUBLE_EQ(value("1 g cm^2", "kg m^2"), 1e-7);
  EXPECT_DOUBLE_EQ(value("1 mN m/A", "V s/rad"), 1e-3);  // the radian is let go in compounds
  EXPECT_DOUBLE_EQ(value("900 J/m^2", "N/m"), 900.0);
  EXPECT_DOUBLE_EQ(value("9.81 m.s-2", "m/s^2"), 9.81);
  EXPECT_DOUBLE_EQ(value("0.39 %/K", "1/K"), 0.0039);
}

TEST(Quantity, TheTableAgreesWithUdunits) {
  ut_set_error_message_handler(ut_ignore);
  ut_system* system = ut_read_xml(nullptr);
  ASSERT_NE(system, nullptr);
  // text of ours, the SI unit for udunits2, the unit as udunits2 writes it
  const struct {
    const char *ours, *si, *theirs;
  } cases[] = {{"mm", "m", "mm"},
               {"um", "m", "um"},
               {"nm", "m", "nm"},
               {"cm", "m", "cm"},
               {"km", "m", "km"},
               {"g", "kg", "g"},
               {"mg", "kg", "mg"},
               {"s", "s", "s"},
               {"ms", "s", "ms"},
               {"us", "s", "us"},
               {"ns", "s", "ns"},
               {"min", "s", "min"},
               {"h", "s", "h"},
               {"A", "A", "A"},
               {"mA", "A", "mA"},
               {"K", "K", "K"},
               {"mK", "K", "mK"},
               {"N", "kg m s-2", "N"},
               {"mN", "kg m s-2", "mN"},
               {"Pa", "kg m-1 s-2", "Pa"},
               {"kPa", "kg m-1 s-2", "kPa"},
               {"MPa", "kg m-1 s-2", "MPa"},
               {"J", "kg m2 s-2", "J"},
               {"uJ", "kg m2 s-2", "uJ"},
               {"W", "kg m2 s-3", "W"},
               {"V", "kg m2 s-3 A-1", "V"},
               {"mV", "kg m2 s-3 A-1", "mV"},
               {"Hz", "s-1", "Hz"},
               {"kHz", "s-1", "kHz"},
               {"ohm", "kg m2 s-3 A-2", "ohm"},
               {"mohm", "kg m2 s-3 A-2", "mohm"},
               {"kohm", "kg m2 s-3 A-2", "kohm"},
               {"H", "kg m2 s-2 A-2", "H"},
               {"uH", "kg m2 s-2 A-2", "uH"},
               {"F", "kg-1 m-2 s4 A2", "F"},
               {"nF", "kg-1 m-2 s4 A2", "nF"},
               {"C", "A s", "C"},
               {"mA h", "A s", "mA.h"},
               {"%", "1", "%"},
               {"degC", "K", "degC"},
               {"rad", "1", "rad"},
               {"deg", "1", "arc_degree"},
               {"mm/s", "m/s", "mm/s"},
               {"N/mm", "kg s-2", "N/mm"},
               {"1/cm^2", "m-2", "1/cm^2"},
               {"g cm^2", "kg m2", "g.cm^2"},
               {"GPa", "kg m-1 s-2", "GPa"},
               {"pF", "kg-1 m-2 s4 A2", "pF"}};
  for (const auto& c : cases) {
    const auto ours = find_unit(c.ours);
    ASSERT_TRUE(ours) << c.ours;
    ut_unit* si = ut_parse(system, c.si, UT_ASCII);
    ut_unit* theirs = ut_parse(system, c.theirs, UT_ASCII);
    ASSERT_TRUE(si && theirs) << c.ours;
    ASSERT_TRUE(ut_are_convertible(theirs, si)) << c.ours;
    cv_converter* convert = ut_get_converter(theirs, si);
    ASSERT_TRUE(convert) << c.ours;
    for (double x : {0.0, 1.0, 37.25}) {
      const double expected = cv_convert_double(convert, x);
      EXPECT_NEAR(x * std::pow(10.0, ours->ten) * ours->factor + ours->offset, expected, 1e-12 * std::abs(expected))
          << c.ours;
    }
    // and the dimension, by way of an SI unit of the same exponents
    std::string unit;
    constexpr const char* base[] = {"m", "kg", "s", "A", "K"};
    for (std::size_t k = 0; k < 5; ++k)
      unit += (k ? "." : "") + std::string(base[k]) + "^" + std::to_string(ours->dimension.exponents[k]);
    ut_unit* same = ut_parse(system, unit.c_str(), UT_ASCII);
    ASSERT_TRUE(same) << unit;
    EXPECT_TRUE(ut_are_convertible(same, si)) << c.ours << " is not " << unit;
    cv_free(convert);
    ut_free(si);
    ut_free(theirs);
    ut_free(same);
  }
  ut_free_system(system);
}

TEST(Quantity, RareUnitsComeFromUdunits) {
  EXPECT_NEAR(value("1 inch", "m"), 0.0254, 1e-15);
  EXPECT_NEAR(value("2 psi", "Pa"), 2 * 6894.757, 0.01);
  EXPECT_NEAR(value("75 mmHg", "Pa"), 9999.2, 0.5);
  EXPECT_NEAR(value("1 bar", "Pa"), 1e5, 1e-6);
  EXPECT_NEAR(value("1 day", "s"), 86400, 1e-9);
  EXPECT_NEAR(value("98.6 degF", "K"), 310.15, 1e-9);
  EXPECT_NEAR(value("1 litre", "m^3"), 1e-3, 1e-15);
  EXPECT_NEAR(value("3 eV", "J"), 4.8065e-19, 1e-22);
}

TEST(Quantity, SaysWhatWasFoundAndExpected) {
  EXPECT_EQ(refusal("3 N", "m"), "expected a length such as 1.5 mm, found 3 N (force)");
  EXPECT_EQ(refusal("3", "m"), "expected a length such as 1.5 mm, found 3 (no unit)");
  EXPECT_EQ(refusal("3 V", "1"), "expected a number without a unit, or a percentage such as 80 %, found 3 V (voltage)");
  EXPECT_EQ(refusal("3 mm/s^2", "m/s"), "expected a speed such as 20 mm/s, found 3 mm/s^2 (acceleration)");
  EXPECT_EQ(refusal("3 N^2", "N"), "expected a force such as 1.5 N, found 3 N^2 (m^2 kg^2/s^4)");
  EXPECT_EQ(refusal("3 parsecs/N", "s"), "expected a time such as 0.25 s, found 3 parsecs/N (compliance)");
}

TEST(Quantity, HzIsNoAngularSpeedAndAnAngleNoRatio) {
  EXPECT_NE(refusal("10 rad/s", "Hz").find("(angular speed)"), std::string::npos);
  EXPECT_NE(refusal("10 Hz", "rad/s").find("(frequency)"), std::string::npos);
  EXPECT_NE(refusal("10 rpm", "rad/s").find("(frequency)"), std::string::npos);
  EXPECT_NE(refusal("5", "rad").find("no unit"), std::string::npos);
  EXPECT_NE(refusal("5 deg", "1").find("(angle)"), std::string::npos);
  EXPECT_NE(refusal("5 %", "rad").find("expected an angle"), std::string::npos);
  EXPECT_NE(refusal("5 count", "1").find("(count)"), std::string::npos);
}

TEST(Quantity, TemperaturesAreAbsoluteAndDifferencesAreInKelvin) {
  EXPECT_DOUBLE_EQ(parse_quantity("5 K", "K", Temperature::difference), 5.0);
  EXPECT_NE(refusal("5 degC", "K", Temperature::difference).find("an absolute temperature"), std::string::npos);
  EXPECT_NE(refusal("1 W/degC", "W").find("is no unit"), std::string::npos);
  EXPECT_NE(refusal("1 degC m", "K").find("is no unit"), std::string::npos);
  EXPECT_NE(refusal("1 degC^2", "K").find("is no unit"), std::string::npos);
}

TEST(Quantity, RefusesWhatIsNoFiniteNumberWithOneUnit) {
  for (const char* text : {"",
                           " ",
                           "mm",
                           "nan",
                           "NaN mm",
                           "inf",
                           "-inf mm",
                           "infinity",
                           "nan(3) mm",
                           "1e999 mm",
                           "-1e999 mm",
                           "1e-999 mm",
                           "1,5 mm",
                           "1.5.2 mm",
                           "1_000 mm",
                           "0x10 mm",
                           "1 mm 2",
                           "1 mm mm2x",
                           "--1 mm",
                           "+-1 mm",
                           "1e mm",
                           "e3 mm",
                           "1 mm;",
                           "1 mm\n2 mm",
                           "1 mm/",
                           "1 /s",
                           "1 mm//s",
                           "1 mm^",
                           "1 mm^0",
                           "1 mm^99",
                           "1 mm^999999999999",
                           "1 mm^-",
                           "1 (mm)",
                           "1 lg(re mm)",
                           "1 mm @ 3",
                           "1 s since 1970-01-01",
                           "1 dB",
                           "1 dBm",
                           "1 ln(re 1 mW)",
                           "1 m m m m m m m m m",
                           "1 J/kg K",
                           "1 2",
                           "1 1/",
                           "1 '",
                           "1 \"",
                           "one mm",
                           "1 \xFF",
                           "1e400%",
                           "9e307 Gm^4"})
    EXPECT_EQ(refusal(text, "m").find("accepted"), std::string::npos) << text;
  EXPECT_EQ(refusal(std::string(100'000, '9').c_str(), "1").find("accepted"), std::string::npos);
  EXPECT_EQ(refusal(("1 " + std::string(100'000, 'm')).c_str(), "m").find("accepted"), std::string::npos);
}

TEST(Quantity, HintsAtTheUsualSlips) {
  const auto hint = [](const char* text, const char* unit) {
    try {
      parse_quantity(text, unit);
    } catch (const QuantityError& error) {
      return error.hint;
    }
    return std::string("accepted");
  };
  EXPECT_NE(hint("120 hz", "Hz").find("did you mean Hz?"), std::string::npos);
  EXPECT_NE(hint("1.5 n", "N").find("did you mean N?"), std::string::npos);
  EXPECT_NE(hint("850 mAh", "A s").find("did you mean mA h?"), std::string::npos);
  EXPECT_NE(hint("23 c", "K").find("case-sensitive"), std::string::npos);
  EXPECT_NE(hint("1,5 mm", "m").find("decimal point"), std::string::npos);
  EXPECT_NE(hint("3", "m").find("give the unit"), std::string::npos);
}

TEST(Quantity, Switches) {
  for (const char* word : {"on", "true", "True", "yes", "ON"}) EXPECT_EQ(parse_switch(word), true) << word;
  for (const char* word : {"off", "false", "no", "OFF"}) EXPECT_EQ(parse_switch(word), false) << word;
  for (const char* word : {"", "1", "0", "onn", "oN", "y"}) EXPECT_EQ(parse_switch(word), std::nullopt) << word;
}

TEST(Quantity, FormatsAsAUserWouldWrite) {
  EXPECT_EQ(format_quantity(1.5e-3, "m"), "1.5 mm");
  EXPECT_EQ(format_quantity(15e-6, "m"), "15 um");
  EXPECT_EQ(format_quantity(0.0, "m"), "0 m");
  EXPECT_EQ(format_quantity(120, "Hz"), "120 Hz");
  EXPECT_EQ(format_quantity(296.15, "K"), "23 degC");
  EXPECT_EQ(format_quantity(0.02, "m/s"), "20 mm/s");
  EXPECT_EQ(format_quantity(0.35e-3, "kg"), "0.35 g");
  EXPECT_EQ(format_quantity(0.8, "1"), "0.8");
  EXPECT_EQ(format_quantity(2.5, "N"), "2.5 N");
  EXPECT_EQ(format_quantity(0.5, "s"), "0.5 s");
  EXPECT_EQ(format_quantity(50e-6, "s"), "50 us");
  EXPECT_EQ(format_quantity(3e7, "1/m^2"), "3e+07 1/m^2");
  // what it writes reads back
  for (const char* unit : {"m", "s", "N", "Hz", "m/s", "V", "A", "ohm", "Pa", "N/m", "kg", "K", "rad", "N m", "H", "F"})
    for (double v : {1.0, 2.5e-3, 300.0, 4e-6, 7.5e4})
      EXPECT_NEAR(parse_quantity(format_quantity(v, unit), unit), v, 2e-3 + 1e-5 * v) << unit;
}

}  // namespace
}  // namespace pensim
