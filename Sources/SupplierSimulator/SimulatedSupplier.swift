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
        set {
            switch supplier {
            case .tencent: tencent = newValue
            case .aliyun: aliyun = newValue
            }
        }
    }
}

extension PerSupplier: Sendable where Value: Sendable {}
