import Groundwork

/// The private keys of the demo accounts that sign with such; they open nothing but a simulator.
enum DemoPrivateKeys {
    /// Of the simulated Google service account, RSA.
    static let fcm = Secret(
        """
        -----BEGIN PRIVATE KEY-----
        MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQCtNX12y9OpXz7p
        y0Q+HLV9JHTHadeyGt45Q85JwlBnwF1gR8YjD4+wc3ba9rdW2jx4E928TisisC52
        DMS95zNv1pkRTq+SBPkcTJ+QWD7hoKec5AwIbgTAT3U3l7x7L6j0CHx9XZy26gfQ
        Vnj6H/YFr3MlEy0gAnW5m6zVFm40BxQNjU/ZJPx5hugsG9OVWnZ9yLnPn6kSqSop
        RTZmS1aUcKbhgoxPvO8m8bzBBjDDtYup+ViLaVriGy8hK1PqxHPH+1VZ4zP+kdoF
        iOgF6O+zPJ29Y1vmwFUHxo2gxNmkpX08XokAku8wOPIQm3ZsPP8ZSXOWKScs0te3
        F7jPKgV7AgMBAAECggEABDkvq/vgV1rpL84zBcixbDG9XzdneQJKtN7AYvAIAd+g
        5z4YyLYSbN0D4ubtJYMAwnTJjVPinV/qYhqBmZfPm0SCSve+NDNG17fOlDhyoBHI
        xHyTBomYOBA37XkXsXFCD2E9l9j2f0dJlXzmSkMJPq4+goLrMMKemD4BgtifK0mO
        nXTbc0+FAIb8ZEF9giwxhAp1j41F/UlMK4wGHPVsz4BOheAM/2l2sxUBcV/kC3Gz
        tENuqSr9JMPN9DQd9ZSIbl+9aAbMrjiZBrhO4riWfYuBp+YK3GTAWEPydgng7Wr8
        G5ALkLuoB/FF9Z5k/atC/cOjnRJJL3nyJyRk2s178QKBgQDdWRy/gke0faBP+Sgc
        EyuI3n8e4JKfLtaSRuJAWZEM809yZ1gAVXHx2vKm2cbhnzbeS3t/YvHttFTs0fW8
        ZWXEL8WHop7I1eQYAKVkdUpjFVvVXiNMQYrJ+WuZp04EKswUusQpxq37by/N9BYw
        xv6bof5T7jU7h/4aqn32eR7gxwKBgQDIUx9bckNwWNGfDIXbcogMqd1fqG3fgeTx
        dg9kHC5PP4yJCKcK8T9v6a5Css7xDSVsA1DYGcjCH9hoHYkwuI4adopsrAUvuKd4
        b7BQIs5qUAVvt2ihW5RDcaH3LkaeetMTgy43Xy97qwoeM4hg3o4P/1zYac+skCTl
        4txnJpHprQKBgGCIyrbi9K7M0yvNuCZ2Xdg1YS9wNcHixYXKEEaMSWxieNWmKIUM
        vsMCAC2wcMJZk65jMRsfZe+LZDZcY1WkyztCsl0zGRjx36ZwMbGcTbLkz8ZAZhiN
        xR/M/ZZnlujOWW74/TBTC/HKTgj+WOcxAj2R6r9j9ideaf3rOUBTFpplAoGADnOw
        t3Au3VQLC2Zj4ckJd6BpkBUemBlO4vyZb6d4z87N3LT7GBb/dJtvLvCnbUx9fqVe
        l7iEezzA6AH5e8JUviP/KIfgd+jibBXiqmVYbuMHAWBB9CIfOB5iiOqVvakuwSGd
        m/EKA+n6+OLO2+4yYYUStaosiU582vja3bYyoKECgYEAmOwOpMavI8hYa8s7++i+
        VYBNNb7XDvSTUUt7Jpe4UvSbVYVyWACXs0IdurueTAK87xxH52tfUQxJgXHWX8SJ
        48kbUgnzFQWAWq2iohnZY912r9oDV5vTDMZ9kBxCqcRmvOtgq8qPhAb7uq5iLRea
        C9uWQK5vYGsPSuVDttWRu1Y=
        -----END PRIVATE KEY-----
        """
    )

    /// The one after that.
    static let fcmNext = Secret(
        """
        -----BEGIN PRIVATE KEY-----
        MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQCoWk3JaaXME3km
        10xf5wyd6VrTDfBJy/dcXAWrRWyjpfcNUx6aqf9UTkM9Es54g/VuNKoYdT+VbeSt
        uU+acOu6x4fqnhsxEMskwP/bokEgTHtWJoqxqgvVicvjQsKm+eVMX5P5glL239rB
        lk3/90UiI/i40lXVZqs32puyIl6ea3qlBvzBUmyWLhZWsSxqDU6h6xQzaqKGyGgv
        qaYIS+sbvzk/X5jL26Rmp6ddGCdbteG6uDv8SsK3xdu7E/lY+ZXBLhYRNis3et2H
        UmlPoC1wsgEuEAePDMth4RF4xEFvmGbG7LCXqJqGNFZOS18gebPuy8aFQJZ1GjgQ
        JGlkS1wLAgMBAAECggEANUETmCHmQ27phQLX8wJIeG9HvrmLCB0QK1Qkqu/0FLQ8
        OSfQ54Xc8dMr69bWH0NG0Myx/bihG2i+zMFwz97mgpf5g5rt6RBx4jd2+AgUZ94p
        qa/ZcafjxHGpYENPBbjI8ubNDUFPcy6OqWwdUlnqsYkFdZl7c1zdznZFiAzdN2ku
        vzIo46W3CaiRkOnbjlgUIdZ3MUKggrmB1QqjaJn58nmKCPmQ1LrVa6gpwci7gyFt
        bHekQCQ0R61X6LOvpXrcwsj+PXj4SSEkJOHrkxPRzlevGwJbNRPeSz4IQRF/dCBm
        k138fM68hw2QuBhTf2mZMAFkXk7Bdl77NvOfFCB/GQKBgQDbmwuHPhcdYhkI2bdN
        wM9FD8+PYvrXMElb8d7Eq8f83gZZXZ4RjpfjMJJvnd7uvqitwPNs/V0EOrt1pvww
        +x3PpMCQy7ni19thmMhTL2ABA+AVu18VUH4VKyXIcTvh3tnoeYpVF1sAWtvzasV4
        j57VbLTR4iJ7PeZL0qYmT8q3LQKBgQDEQM+7PEsk7ewKPzPtZyT9CbJk8hnzAoAg
        q+/MGBMITbUp5LMrT/CiUjsJXbZlVGSQHDuq+jsHdUcoxFAv4iSzum6R5fp22kbk
        N0Wue9X21HTK/+FJ4J7MJ+8RxJf8537HKYd0X7mAKmfWVy4VAAEIDc68bgd5XDf3
        R948REjjFwKBgF/r/0MZmdsZyDmXb3uk5mQSHeVRpKNt0f05Tsa1CeunxzotrCeb
        EzkHNE9Qs9mwqdkLWMiYepKoXM1tHOcAKOtT2VDly9IL2yVsKMQ9A0AuQyj66PNU
        b14rtJsy6qckQiZLQGMein9DMKPIVWztvsEWdHzgu5L9XKRt5GkDnVYZAoGAWUtP
        +VZOrofevS7StrMWnldaJxoM+ofpunPg0NEnX8DTrDMV3qAp0gFuQS21ftduRi/C
        amIel58h+IeSIKdZobky9Ala89cPKGmJuAE6cmtqlK7mV9HvDt8gpMn5iaXfBkl8
        C1Q+t/UTd/AE1KNC1OJLbWr21Z5DDK1TjcJYE5MCgYEAp610ZUtrFi0+T7j9ZrZG
        vqr2HFyIn61XOTzZTQ3AcmUEyammKvymPYq77EAEnIjUQjdOSc4sEJyxxSkKc/pc
        lmGpBYA2LrozoidpvE6M9Z/Ac0So4PuKz/fdaGmbKULlsVhiesLSSDBXCou10RLM
        E+K0Vb1uKu0HIXMSowyxJQ0=
        -----END PRIVATE KEY-----
        """
    )

    /// Of the simulated APNs key, P-256.
    static let apns = Secret(
        """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg0hXNx4/XL8gZ81s4
        MjR6hcYyRPRS9kLiqfwYIzl//w2hRANCAASr76420IlqhLx7RwHsFXpfKXZ6LCIr
        DP5ZvujMTfepT4/730yz49frpE2oy2iLCi1RYb6VBmHQteXt3KjMSAOo
        -----END PRIVATE KEY-----
        """
    )

    /// The one after that.
    static let apnsNext = Secret(
        """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgee9tsLyrccr8W9dZ
        j+nqd1vSaGgsdOkDyUDfo7E0CD6hRANCAATdud0NbJIshYCIR5/xBJi+aX9ocw1k
        98py2zW/pHRyFEr5FLpY5NGbUQ1A1k6D+lYkgNXVkfUkuLg7FXIDGsTF
        -----END PRIVATE KEY-----
        """
    )
}
