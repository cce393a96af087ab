import Groundwork
import Testing

@testable import Console

/// Holds every call of a test to what the document says of it: the path, the status, and the shape of both bodies.
struct Contract {
    let document: WireObject

    init(_ bytes: some Sequence<UInt8>) throws {
        document = try #require(try WireValue(json: bytes).object)
    }

    /// Every operation in the document, such as `GET /api/v1/jobs/{id}`.
    var operations: Set<String> {
        var found: Set<String> = []
        for path in members("paths") {
            for operation in path.value.object?.members ?? [] {
                found.insert("\(operation.key.uppercased()) \(path.key)")
            }
        }
        return found
    }

    /// What a call and its answer do that the document does not say.
    func deviations(
        _ method: String,
        _ target: String,
        _ body: [UInt8],
        _ answer: ConsoleBench.Answer
    ) -> [String] {
        let parts = target.split(separator: "?", maxSplits: 1)
        // What is not there is no part of the contract; the answer says so in the common shape.
        guard let operation = operation(method, String(parts.first ?? "/")) else {
            return answer.status == 404 ? [] : ["not documented"]
        }
        let found = resolved(operation["responses"].object?["\(answer.status)"] ?? .null)
        guard let response = found.object else { return ["status \(answer.status) is not documented"] }
        var deviations = undeclared(parts.dropFirst().joined(), operation, answer)
        if let schema = schema(response), answer.headers["content-type"]?.contains("json") == true {
            guard let json = try? WireValue(json: answer.body) else { return ["the answer is no JSON"] }
            deviations += check(json, schema, "answer")
        }
        let request = operation["requestBody"].object ?? WireObject()
        if answer.status < 300, let schema = schema(request), let json = try? WireValue(json: body) {
            deviations += check(json, schema, "request")
        }
        return deviations
    }

    private func members(_ name: String) -> [WireObject.Member] { document[name].object?.members ?? [] }

    private func operation(_ method: String, _ path: String) -> WireObject? {
        let wanted = path.split(separator: "/", omittingEmptySubsequences: false)
        let fitting = members("paths")
            .filter { candidate in
                let pattern = candidate.key.split(separator: "/", omittingEmptySubsequences: false)
                return pattern.count == wanted.count
                    && zip(pattern, wanted).allSatisfy { $0.hasPrefix("{") || $0 == $1 }
            }
        // A path without parameters comes first: `/queue/dead` is no `/queue/{lane}`.
        let best = fitting.min { $0.key.count { $0 == "{" } < $1.key.count { $0 == "{" } }
        return best?.value.object?[method.lowercased()].object
    }

    /// Parameters that were taken although the document does not know them.
    private func undeclared(
        _ query: String,
        _ operation: WireObject,
        _ answer: ConsoleBench.Answer
    ) -> [String] {
        guard answer.status < 300 else { return [] }
        let declared = Set((operation["parameters"].list ?? []).compactMap { $0.object?["name"].text })
        return query.split(separator: "&")
            .compactMap { pair in
                let name = String(pair.prefix { $0 != "=" })
                return declared.contains(name) ? nil : "parameter \(name) is not documented"
            }
    }

    private func schema(_ holder: WireObject) -> WireValue? {
        let schema = holder["content"].object?["application/json"].object?["schema"] ?? .null
        return schema.isNull ? Optional.none : schema
    }

    private func resolved(_ value: WireValue) -> WireValue {
        guard let reference = value.object?["$ref"].text else { return value }
        return reference.split(separator: "/").dropFirst()
            .reduce(.object(document)) { $0.object?[String($1)] ?? .null }
    }

    // MARK: Schemas

    /// Where `value` is not what `schema` says; knows the words that the document uses.
    private func check(_ value: WireValue, _ schema: WireValue, _ place: String) -> [String] {
        guard let schema = resolved(schema).object else { return ["\(place): no such schema"] }
        if let choices = schema["oneOf"].list {
            let fitting = choices.count { check(value, $0, place).isEmpty }
            return fitting == 1 ? [] : ["\(place): fits \(fitting) of its choices"]
        }
        if let choices = schema["enum"].list, !choices.contains(value) { return ["\(place): not a choice"] }
        let types = schema["type"].list ?? (schema["type"].isNull ? [] : [schema["type"]])
        guard types.isEmpty || types.contains(where: { kinds(value).contains($0.text ?? "") }) else {
            return ["\(place): of another type than \(schema["type"].text ?? "")"]
        }
        switch value {
        case .object(let object): return check(object, schema, place)
        case .list(let list):
            guard !schema["items"].isNull else { return [] }
            return list.enumerated().flatMap { check($1, schema["items"], "\(place)[\($0)]") }
        case .text(let text) where schema["format"] == "date-time":
            let instant = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?(Z|[+-]\d\d:\d\d)/
            return text.wholeMatch(of: instant) == nil ? ["\(place): no instant"] : []
        default: return []
        }
    }

    private func check(_ object: WireObject, _ schema: WireObject, _ place: String) -> [String] {
        let known = schema["properties"].object ?? WireObject()
        var deviations = (schema["required"].list ?? [])
            .compactMap { name in
                let isThere = object.members.contains { .text($0.key) == name }
                return isThere ? nil : "\(place): \(name.text ?? "") is missing"
            }
        for member in object.members {
            let path = "\(place).\(member.key)"
            if known.members.contains(where: { $0.key == member.key }) {
                deviations += check(member.value, known[member.key], path)
            } else if schema["additionalProperties"] == false {
                deviations.append("\(path) is not documented")
            } else if schema["additionalProperties"].object != nil {
                deviations += check(member.value, schema["additionalProperties"], path)
            }
        }
        return deviations
    }

    private func kinds(_ value: WireValue) -> Set<String> {
        switch value {
        case .null: ["null"]
        case .bool: ["boolean"]
        case .integer: ["integer", "number"]
        case .number(let number): Int64(exactly: number) == nil ? ["number"] : ["number", "integer"]
        case .text: ["string"]
        case .list: ["array"]
        case .object: ["object"]
        }
    }
}
