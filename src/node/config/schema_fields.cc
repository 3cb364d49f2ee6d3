#include "node/config/schema_fields.h"

#include "node/config/schema_tables.h"

namespace transom::node {

std::function<const TableBase&()> known_keys(std::string name, const std::vector<std::string>& keys) {
  std::vector<Field<char>> fields;
  for (const std::string& key : keys) fields.push_back(accepted<char>(key, "Read when this is built."));
  const auto table = std::make_shared<const Table<char>>(std::move(name), std::move(fields));
  return [table]() -> const TableBase& { return *table; };
}

}  // namespace transom::node
