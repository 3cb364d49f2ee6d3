// The kinds of rows that schema tables are made of.
#pragma once
#include <fmt/format.h>

#include <string>
#include <utility>
#include <vector>

#include "node/config/schema.h"

namespace transom::node {

/// What a convenience or restricting row takes for "not used": null, false, "", [] and {}.
bool is_unused(const ConfigValue& value);

template <class T>
Field<T> flag(std::string name, bool T::*member, std::string meaning) {
  const auto setter = [member](SchemaReader& reader, const ConfigValue& value, T& target) {
    if (const auto truth = reader.boolean(value)) target.*member = *truth;
  };
  return Field<T>(std::move(name), "true or false", std::move(meaning), setter).preset(T{}.*member);
}

template <class T, class Number>
Field<T> integer(std::string name, Number T::*member, std::int64_t min, std::int64_t max, std::string meaning) {
  const auto setter = [=](SchemaReader& reader, const ConfigValue& value, T& target) {
    if (const auto number = reader.integer(value, min, max)) target.*member = static_cast<Number>(*number);
  };
  return Field<T>(std::move(name), "an integer", std::move(meaning), setter).preset(T{}.*member).within(min, max);
}

template <class T>
Field<T> text(std::string name, std::string T::*member, std::string meaning) {
  const auto setter = [member](SchemaReader& reader, const ConfigValue& value, T& target) {
    if (auto string = reader.string(value)) target.*member = std::move(*string);
  };
  auto field = Field<T>(std::move(name), "a string", std::move(meaning), setter);
  const std::string standard = T{}.*member;
  return standard.empty() ? std::move(field) : std::move(field).preset(standard);
}

/// One of several names, each standing for a value.
template <class T, class Value>
Field<T> choice(std::string name, Value T::*member, std::vector<std::pair<std::string, Value>> values,
                std::string meaning) {
  std::vector<std::string> names;
  nlohmann::json standard;
  for (const auto& [word, value] : values) {
    names.push_back(word);
    if (value == T{}.*member) standard = word;
  }
  const auto setter = [=](SchemaReader& reader, const ConfigValue& value, T& target) {
    if (const auto index = reader.choice(value, names)) target.*member = values[*index].second;
  };
  return Field<T>(std::move(name), "a string", std::move(meaning), setter).preset(standard).one_of(names);
}

/// An id of Crossbar's form.
template <class T>
Field<T> identifier(std::string T::*member);

/// A dictionary of its own, read by a table or by variants into a member.
template <class T, class Member, class Schema>
Field<T> object(std::string name, Member T::*member, const Schema& (*schema)(), std::string meaning);

/// A list of dictionaries. Items of variants that are not built are left out.
template <class T, class Item, class Schema>
Field<T> objects(std::string name, std::vector<Item> T::*member, const Schema& (*schema)(), std::string meaning);

/// Read and left alone: nothing here depends on it.
template <class T>
Field<T> accepted(std::string name, std::string meaning) {
  const auto setter = [](SchemaReader&, const ConfigValue&, T&) {};
  return Field<T>(std::move(name), "any value", std::move(meaning), setter).handled_as(Support::accepted);
}

template <class T>
Field<T> accepted_flag(std::string name, std::string meaning) {
  const auto setter = [](SchemaReader& reader, const ConfigValue& value, T&) { reader.boolean(value); };
  return Field<T>(std::move(name), "true or false", std::move(meaning), setter).handled_as(Support::accepted);
}

/// Not built; it only adds something. `feature` counts as one over all places.
template <class T>
Field<T> convenience(std::string name, std::string meaning) {
  const auto setter = [name](SchemaReader& reader, const ConfigValue& value, T&) {
    const std::string message = fmt::format("\"{}\" is not built yet: ignored", name);
    if (!is_unused(value)) reader.absent_convenience(value.at, name, message);
  };
  return Field<T>(name, "any value", std::move(meaning), setter).handled_as(Support::convenience);
}

/// Not built; a node that ignored it would be more open, or do less, than its owner thinks.
template <class T>
Field<T> restricting(std::string name, std::string meaning, std::string way_out) {
  const auto setter = [name, way_out](SchemaReader& reader, const ConfigValue& value, T&) {
    if (!is_unused(value)) reader.unsupported(value.at, fmt::format("\"{}\"", name), way_out);
  };
  return Field<T>(name, "any value", std::move(meaning), setter).handled_as(Support::restricting);
}

/// A boolean that can only have one value here; the other one is warned of.
template <class T>
Field<T> always(std::string name, bool truth, std::string reason) {
  const auto setter = [=](SchemaReader& reader, const ConfigValue& value, T&) {
    const auto given = reader.boolean(value);
    if (given && *given != truth) reader.warning(value.at, fmt::format("stays {}: {}", truth, reason));
  };
  return Field<T>(std::move(name), "true or false", std::move(reason), setter)
      .preset(truth)
      .handled_as(Support::accepted);
}

/// Rows for a part of a T, as rows for the T.
template <class T, class Part>
std::vector<Field<T>> lift(const std::vector<Field<Part>>& fields, Part& (*part)(T&)) {
  std::vector<Field<T>> lifted;
  for (const Field<Part>& field : fields) {
    const auto set = field.set;
    Field<T> row(
        field.name, field.type, field.meaning,
        [set, part](SchemaReader& reader, const ConfigValue& value, T& target) { set(reader, value, &part(target)); });
    static_cast<FieldInfo&>(row) = static_cast<const FieldInfo&>(field);
    lifted.push_back(std::move(row));
  }
  return lifted;
}

template <class T>
std::vector<Field<T>> join(std::vector<Field<T>> first, const std::vector<Field<T>>& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

// -- how nested schemas describe themselves -----------------------------------------------------------------------

template <class Item>
nlohmann::json describe_schema(const Variants<Item>& variants, std::vector<std::string>& seen) {
  return describe_variants(variants, seen);
}
inline nlohmann::json describe_schema(const TableBase& table, std::vector<std::string>& seen) {
  return describe_table(table, seen);
}

bool is_valid_id(std::string_view id);
void report_bad_id(SchemaReader& reader, const ConfigValue& value);

template <class T>
Field<T> identifier(std::string T::*member) {
  const auto setter = [member](SchemaReader& reader, const ConfigValue& value, T& target) {
    auto id = reader.string(value);
    if (!id) return;
    if (!is_valid_id(*id)) return report_bad_id(reader, value);
    target.*member = std::move(*id);
  };
  return Field<T>("id", "a string", "A name for logs and management; made up when absent.", setter);
}

/// An id that only has to be right, since nothing here is called by it.
template <class T>
Field<T> unused_identifier() {
  const auto setter = [](SchemaReader& reader, const ConfigValue& value, T&) {
    const auto id = reader.string(value);
    if (id && !is_valid_id(*id)) report_bad_id(reader, value);
  };
  return Field<T>("id", "a string", "A name for logs and management.", setter);
}

template <class T, class Member, class Schema>
Field<T> object(std::string name, Member T::*member, const Schema& (*schema)(), std::string meaning) {
  const auto setter = [member, schema](SchemaReader& reader, const ConfigValue& value, T& target) {
    reader.read(value, schema(), target.*member);
  };
  Field<T> field(std::move(name), "a dictionary", std::move(meaning), setter);
  field.nested = [schema](std::vector<std::string>& seen) { return describe_schema(schema(), seen); };
  return field;
}

template <class T, class Item, class Schema>
Field<T> objects(std::string name, std::vector<Item> T::*member, const Schema& (*schema)(), std::string meaning) {
  const auto setter = [member, schema](SchemaReader& reader, const ConfigValue& value, T& target) {
    if (!reader.expect(value, ConfigValue::Kind::list)) return;
    for (std::size_t i = 0; i < value.items.size(); ++i) {
      SchemaReader::Step step(reader, i);
      Item item{};
      if (reader.read(value.items[i], schema(), item)) (target.*member).push_back(std::move(item));
    }
  };
  Field<T> field(std::move(name), "a list of dictionaries", std::move(meaning), setter);
  field.nested = [schema](std::vector<std::string>& seen) { return describe_schema(schema(), seen); };
  return field;
}

/// A dictionary whose keys fill the same target.
template <class T, class Schema>
Field<T> part(std::string name, const Schema& (*schema)(), std::string meaning) {
  const auto setter = [schema](SchemaReader& reader, const ConfigValue& value, T& target) {
    reader.read(value, schema(), target);
  };
  Field<T> field(std::move(name), "a dictionary", std::move(meaning), setter);
  field.nested = [schema](std::vector<std::string>& seen) { return describe_schema(schema(), seen); };
  return field;
}

/// The strings under `key` in the dictionaries of the list `dict[list_name]` must differ.
void check_differ(SchemaReader& reader, const ConfigValue& dict, std::string_view list_name, std::string_view key,
                  std::string_view what);

}  // namespace transom::node
