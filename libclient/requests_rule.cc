#include "libclient/requests_rule.h"

#include "libclient/realm_rules.h"
#include "libclient/refusals.h"
#include "libclient/replica_core.h"
#include "libclient/request_support.h"
#include "libclient/translate.h"

namespace kiz {

namespace {
using realm_rules::Rule;
using request::refuse;

Json typed(const Rule& rule, const std::string& value) {
  if (rule.kind == realm_rules::Kind::yes_no) return value == "yes";
  return std::stoi(value);
}

Json to_json(const Replica& replica, const Rule& rule) {
  return {{"name", rule.name},
          {"value", typed(rule, realm_rules::value(replica.membership(), rule))},
          {"default", typed(rule, rule.otherwise)},
          {"decided", replica.membership().rule(rule.name).has_value()},
          {"label", language() == "de" ? rule.german : rule.name},
          {"meaning", tr(rule.meaning)}};
}

Answer list_rules(RequestContext& context) {
  Json list = Json::array();
  for (const Rule& rule : realm_rules::all()) list.push_back(to_json(context.replica, rule));
  return Reply{{{"rules", std::move(list)}}, {}, 0};
}

struct Decision {
  const Rule* rule;
  std::string value;
};

request::Or<Decision> decision_of(const Json& field) {
  const std::string name = request::text(field, "field"), text = request::text(field, "text");
  const Rule* rule = realm_rules::find(name);
  if (rule == nullptr) return refuse(Errc::not_found, tr("There is no rule \"{}\". Nothing was changed.", {name}), tr("kiz rule list"));
  const auto value = request::text(field, "op") == "=" ? realm_rules::read(*rule, text) : std::nullopt;
  if (value) return Decision{rule, *value};
  if (rule->kind == realm_rules::Kind::day) {
    return refuse(Errc::invalid_input, tr("\"{}\" is no day from 1 to 28. Nothing was changed.", {text}), tr("kiz rule list"));
  }
  return refuse(Errc::invalid_input, tr("\"{}\" is neither yes nor no. Nothing was changed.", {text}), tr("kiz rule list"));
}

Answer set_rules(RequestContext& context) {
  if (auto refused = request::need_authority(context)) return *refused;
  std::vector<Decision> decisions;
  for (const Json& field : context.args.value("fields", Json::array())) {
    auto decision = decision_of(field);
    if (!decision) return decision.refusal();
    decisions.push_back(*decision);
  }
  Json named = Json::array(), changed = Json::array();
  for (const Decision& decision : decisions) {
    if (realm_rules::value(context.replica.membership(), *decision.rule) != decision.value) {
      if (!context.dry_run) {
        auto issued = context.replica.core().issue(RuleSet{decision.rule->name, decision.value});
        if (!issued) return to_refusal(issued.error());
      }
      changed.push_back(decision.rule->name);
    }
    named.push_back(to_json(context.replica, *decision.rule));
    named.back()["value"] = typed(*decision.rule, decision.value);
  }
  if (!context.dry_run && !changed.empty() && context.surroundings.committed) context.surroundings.committed();
  return Reply{{{"rules", std::move(named)}, {"changed", std::move(changed)}}, {}, 0};
}
}  // namespace

std::vector<RequestKind> rule_requests() {
  return {{"rule.list", LocalRole::read, request::member_only(list_rules)}, {"rule.set", LocalRole::administer, set_rules}};
}

}  // namespace kiz
