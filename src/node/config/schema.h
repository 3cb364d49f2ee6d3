// The mechanism of the schema: each key of the configuration is said once, as one row of a table. From the rows come
// reading, error messages, "did you mean" and the machine readable description (`describe_table`).
#pragma once
#include <cstdint>
#include <functional>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "node/config/schema_reader.h"

namespace transom::node {

/// What this version does with a key.
enum class Support {
  built,
  accepted,     // read and left alone: it changes nothing here
  convenience,  // not built; one warning, the feature is absent
  restricting,  // not built; it restricts access or runs something, so `start` refuses
};

/// Whether a changed value can be taken over by a reload, or needs a new start.
enum class Takes { restart, reload };

struct FieldInfo {
  std::string name;
  std::string type;              // what may stand there, for people: "true or false", "an integer from 1 to 65535"
  std::string meaning;           // one sentence
  nlohmann::json default_value;  // null: none
  std::optional<std::int64_t> min, max;
  std::vector<std::string> allowed;
  bool required = false;
  Support support = Support::built;
  Takes takes = Takes::restart;
  std::function<nlohmann::json(std::vector<std::string>& seen)> nested;
};

/// A row without its target type.
struct FieldBase : FieldInfo {
  std::function<void(SchemaReader&, const ConfigValue&, void*)> set;
};

/// A row that fills a T.
template <class T>
struct Field : FieldBase {
  using Setter = std::function<void(SchemaReader&, const ConfigValue&, T&)>;
  Field(std::string name_, std::string type_, std::string meaning_, Setter setter) {
    name = std::move(name_);
    type = std::move(type_);
    meaning = std::move(meaning_);
    set = [setter = std::move(setter)](SchemaReader& reader, const ConfigValue& value, void* target) {
      setter(reader, value, *static_cast<T*>(target));
    };
  }
  Field needed() && {
    required = true;
    return std::move(*this);
  }
  Field reloads() && {
    takes = Takes::reload;
    return std::move(*this);
  }
  Field preset(nlohmann::json value) && {
    default_value = std::move(value);
    return std::move(*this);
  }
  Field within(std::int64_t least, std::int64_t most) && {
    min = least, max = most;
    return std::move(*this);
  }
  Field one_of(std::vector<std::string> names) && {
    allowed = std::move(names);
    return std::move(*this);
  }
  Field handled_as(Support value) && {
    support = value;
    return std::move(*this);
  }
};

class TableBase {
 public:
  const std::string& name() const { return name_; }
  const std::vector<FieldBase>& fields() const { return fields_; }
  const FieldBase* find(std::string_view name) const;
  std::vector<std::string> names() const;
  void finish(SchemaReader& reader, const ConfigValue& dict, void* target) const {
    if (finish_) finish_(reader, dict, target);
  }

 protected:
  std::string name_;  // what the dictionary is: "tcp endpoint"
  std::vector<FieldBase> fields_;
  std::function<void(SchemaReader&, const ConfigValue&, void*)> finish_;
};

/// The keys of one dictionary that fills a T, and what must hold between them (`finish`, run after all keys).
template <class T>
class Table : public TableBase {
 public:
  Table(std::string name, std::vector<Field<T>> fields, typename Field<T>::Setter finish = nullptr) {
    name_ = std::move(name);
    for (Field<T>& field : fields) fields_.push_back(std::move(field));
    if (!finish) return;
    finish_ = [finish = std::move(finish)](SchemaReader& reader, const ConfigValue& dict, void* target) {
      finish(reader, dict, *static_cast<T*>(target));
    };
  }
};

/// One of several kinds of dictionary, told apart by a key (`type`).
template <class T>
struct Variant {
  std::string name;
  Support support = Support::built;
  std::string way_out;                                              // for what is not built
  std::function<const TableBase&()> table;                          // its keys
  std::function<void(SchemaReader&, const ConfigValue&, T&)> read;  // only for what is built
};

template <class T>
class Variants {
 public:
  Variants(std::string name, std::string key, std::string preset, std::vector<Variant<T>> variants)
      : name_(std::move(name)), key_(std::move(key)), preset_(std::move(preset)), variants_(std::move(variants)) {}
  const std::string& name() const { return name_; }
  const std::string& key() const { return key_; }
  const std::string& preset() const { return preset_; }  // the variant when the key is absent; empty: it is needed
  const std::vector<Variant<T>>& variants() const { return variants_; }
  std::vector<std::string> names() const {
    std::vector<std::string> result;
    for (const Variant<T>& variant : variants_) result.push_back(variant.name);
    return result;
  }

 private:
  std::string name_, key_, preset_;
  std::vector<Variant<T>> variants_;
};

template <class T>
bool SchemaReader::read(const ConfigValue& dict, const Variants<T>& variants, T& target) {
  const auto index = variant_index(dict, variants.key(), variants.preset(), variants.names());
  if (!index) return false;
  const Variant<T>& variant = variants.variants()[*index];
  const std::string what = variants.name() + " of type \"" + variant.name + "\"";
  if (variant.support == Support::convenience) absent_convenience(dict.at, what, what + " is not built yet: ignored");
  if (variant.support == Support::restricting) unsupported(dict.at, what, variant.way_out);
  if (variant.support != Support::built) protect_files_named_in(dict);
  if (variant.read) {
    variant.read(*this, dict, target);
  } else {
    char unused = 0;  // rows of what is not built come from `known_keys` and fill nothing
    read_table(dict, variant.table(), &unused);
  }
  return variant.support == Support::built;
}

/// The description of a table: each table once, later only its name.
nlohmann::json describe_table(const TableBase& table, std::vector<std::string>& seen);

template <class T>
nlohmann::json describe_variants(const Variants<T>& variants, std::vector<std::string>& seen) {
  nlohmann::json result = {{"name", variants.name()}, {"key", variants.key()}};
  if (!variants.preset().empty()) result["default"] = variants.preset();
  for (const Variant<T>& variant : variants.variants()) {
    static constexpr const char* kSupport[] = {"built", "accepted", "convenience", "restricting"};
    result["variants"][variant.name] = {{"support", kSupport[static_cast<int>(variant.support)]},
                                        {"table", describe_table(variant.table(), seen)}};
  }
  return result;
}

}  // namespace transom::node
