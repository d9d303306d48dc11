// validate.h - every published target against the models: a table, a page, a picture per target, and the verdicts that
// are on record.
#pragma once

#include <string>
#include <vector>

#include "sim/catalog/skin_law.h"
#include "sim/validation/published.h"

namespace pensim {

struct ValidateOptions {
  std::string out;       // folder for validation.md and validation/VT-..png; "" writes nothing
  std::string only;      // one id; "" for all
  std::string recorded;  // file with a verdict per id; "" compares with nothing
};

// Writes what `pensim validate --fit` found into <folder>/skin_law.yaml (sim/catalog/skin_law.h). Throws InputError.
void write_skin_law(const std::string& folder, const SkinLaw&);

struct TargetRow {
  const PublishedTarget* target;
  TargetResult result;
};

// Throws InputError for an unknown id or a file that cannot be read or written. Prints the table. Returns the exit
// code: 0 if every verdict is as recorded, 1 if one changed in either direction.
int validate(const ValidateOptions& options);

std::vector<TargetRow> measure_targets(const std::string& only);
std::string validation_table(const std::vector<TargetRow>& rows);
std::string validation_page(const std::vector<TargetRow>& rows);

}  // namespace pensim
