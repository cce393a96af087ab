/// The suppliers that the simulator stands in for.
package enum SimulatedSupplier: String, Hashable, Sendable, CaseIterable, Codable {
    case tencent
    case aliyun
}

/// One of something for each supplier.
struct PerSupplier<Value> {
    var tencent: Value
    var aliyun: Value

    init(repeating value: Value) {
        tencent = value
        aliyun = value
    }

    subscript(supplier: SimulatedSupplier) -> Value {
        get {
            switch supplier {
            case .tencent: tencent
            case .aliyun: aliyun
            }
        }
        // In place: a getter and a setter would copy the whole value for each change.
        _modify {
            switch supplier {
            case .tencent: yield &tencent
            case .aliyun: yield &aliyun
            }
        }
    }
}

extension PerSupplier: Sendable where Value: Sendable {}
