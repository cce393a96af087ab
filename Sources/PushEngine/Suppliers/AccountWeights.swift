package import Groundwork

extension SupplierAccount {
    /// The share of messages of a type that it takes; 0 takes none.
    package func weight(for type: MessageType) -> Int { weights[type] ?? weight }

    /// Refuses shares that are none.
    ///
    /// - Throws: `CatalogueFault.invalid` for the first type whose share makes no sense.
    package static func check(weights: [MessageType: Int]) throws(CatalogueFault) {
        for type in MessageType.allCases {
            guard let weight = weights[type] else { continue }
            try check(weight: weight, at: "weights.\(type.name)")
        }
    }
}

/// The shares of an account by message type, as stores and wires have them.
package enum AccountWeights {
    /// The shares as an object, by the types' names; types without one of their own are left out.
    package static func object(_ weights: [MessageType: Int]) -> WireObject {
        var object = WireObject()
        for type in MessageType.allCases {
            guard let weight = weights[type] else { continue }
            object.append(type.name, .integer(Int64(weight)))
        }
        return object
    }

    /// The shares as a JSON text, for the store.
    package static func stored(_ weights: [MessageType: Int]) -> String {
        String(decoding: WireValue.object(object(weights)).json, as: UTF8.self)
    }

    /// Reads what `stored` gave.
    ///
    /// - Throws: `PayloadError.inconsistent` when it is anything else.
    package static func read(stored text: String) throws(PayloadError) -> [MessageType: Int] {
        guard let object = (try? WireValue(json: text.utf8))?.object else {
            throw .inconsistent("an account's weights")
        }
        var weights: [MessageType: Int] = [:]
        for member in object.members {
            guard let type = MessageType.allCases.first(where: { $0.name == member.key }),
                case .integer(let weight) = member.value
            else { throw .inconsistent("an account's weights") }
            weights[type] = Int(weight)
        }
        return weights
    }
}
