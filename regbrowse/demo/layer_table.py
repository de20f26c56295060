"""Digests, diff ids, sizes and checksums of the demo's layers, made by layer_plans.py; held by a test."""

from __future__ import annotations

MEASURES: dict[str, tuple[str, str, int, int]] = {
    "workdir": (
        "d5a948e41cc532bdfc121885ae73f76a4c79f8a0575eeb4421cc24317419036e",
        "6d105a06b045fb7cb06e89d952e5251af9a1ed1d53c3a446d4f2e1b031f6f26c",
        92, 0x191C60A2,
    ),
    "debian-12.6-amd64": (
        "428eb4320f2745af241902960e846ac382a52f810fa4c34eb3acb6ba71c75c6b",
        "a86faaf17f2c085f11fe86844e1e23c5b284fcc785552414eddfe8b12681ffa5",
        29_148_490, 0x4B89FF1C,
    ),
    "apt-12.6-amd64": (
        "4cb230366033c1d756fbecdfa282840793239a5ae29f37950c41b46d2f78171d",
        "e179898c05101cb4dced5f3ecb5fc4d58fcbd139711cfe9870a0adeb8f3dc00d",
        9_904_966, 0x0CFF2AEB,
    ),
    "debian-12.5-amd64": (
        "7852acdbbb4b2ae6df0b1725193f9eefdd96e5c5fdd59543d59f368c6e7a1509",
        "2a3bce66017bd29ba27a622e55d0d805d6669aad64166fe6e2207a6bbbff1e97",
        29_148_490, 0x44BECEEB,
    ),
    "apt-12.5-amd64": (
        "9abd0816e18d2ddbb62d6a8a319a5413a5fd1dcdf9daad3829f522b6d0751403",
        "3697b900273e12c78795c1c647de00cdcdc15984a773a32be2bf7cd09b3634c7",
        9_904_966, 0xD1D65B47,
    ),
    "node-20.15.0-amd64": (
        "c2242ce12a358cc2c22356d86e27fccb59ea07b261c805835b03f1359ce3ab84",
        "84af4cce26d03d3153364092b8d9769112298a5191f7d43c8719acdb3e7943f2",
        8_522_431, 0xE72802D0,
    ),
    "node-18.20.3-amd64": (
        "a4138626194779f771b372e188cd14ad25182bea295995819bc3d5c08bf5961a",
        "55f16ae4124b6345b0de44c098677035365f7373b48d43ca793e3bcb4b06af04",
        8_522_431, 0xB32DE34A,
    ),
    "alpine-3.20.3-amd64": (
        "6d66d570e4d1f299cfd937c552c5004536b0df95bda37b7f9bba5d9bd42a60c3",
        "f906abdd08353f9bedccd72f40b3912afb5354a1072a2277fb24803d9f94da72",
        3_518_807, 0x53790A98,
    ),
    "alpine-3.19.4-amd64": (
        "0860bc201ab64c34ff591cd13c6edb353903c739c1ecbd12576badc7a11172db",
        "03967e797d9bd29f6a5c2a6d1e989351258b59abd07744578968440897080def",
        3_518_807, 0xD8BBBFDD,
    ),
    "debian-12.6-arm64": (
        "3bcb51e6cdc0efb654962bfd5c9af93d738d2c6057fe19365801573bc05f2241",
        "f776c8f498596eeba0b8222fc14130da679a5c31253b68af4a0084c0b01dac16",
        28_628_258, 0xD35C08D7,
    ),
    "apt-12.6-arm64": (
        "e8bb4bc25fc3ef365ab32110e444cbc60d8fb1bceb36b3037e5b682cd6315926",
        "1afd73d105fa358d46908f174791c1600ffc77b79b04aade229762d84f789909",
        9_319_705, 0xDDA11B03,
    ),
    "debian-12.5-arm64": (
        "726624652ab2194f695d81ee66e5b4f11a0cc8891cd0ca77c29a96bfebe22874",
        "e647d22c4e66e2dea106859b9437d303191717197fda1273737079a2c26b4268",
        28_628_258, 0x7EAFBA02,
    ),
    "apt-12.5-arm64": (
        "6458f333c3c6df08c3675c69c7a58ae5839ca0d75e23f02c353bbd84d57c06a6",
        "c7d8ddc0829011c2deed3d407aead61cd09afae6ce417610de75c87038724bae",
        9_319_705, 0xE83BCAFB,
    ),
    "node-20.15.0-arm64": (
        "22be0461c9363e1d3036dc25deccf0761ec2904e8108809be3a6837c30412fb8",
        "fcaa41cd3bf03686f36dd49bbffbe39bcd31d7c93db7910cf4c07c18a644ae44",
        8_327_344, 0x8DEEB1D5,
    ),
    "node-18.20.3-arm64": (
        "c90abc0cf3da65ca668c274f23016c48bad6d6a03152dccf1ec0107b94eb46c8",
        "b2b1ca9e95dc2de4a1073dcb7752c6bf4a6339c18e5114eff86cb70a69c92a45",
        8_327_344, 0xD9EB504F,
    ),
    "alpine-3.20.3-arm64": (
        "5ee016246b6a3eb50e5b9906b2524688220336ca521122ea06ec8f642ae9d08b",
        "e831a47656a24b0d4379df4f8438534fc494cac87b08c5fdb857b272b0d5722f",
        3_323_720, 0xFF7F9599,
    ),
    "alpine-3.19.4-arm64": (
        "22c9a5cace094fd63a551b057909405750f8a306ad0ffc9f9898bb0e6d272baa",
        "b17a96d968394d228f5f4c95b681c1457a6cb29699cf7c08f861f900d9021fd6",
        3_323_720, 0x91E4A54A,
    ),
    "debian-12.6-armv7": (
        "3b51e49d48308483c1ec568e27f90e1d5ccb0842cc3863014661ccc2a5270491",
        "6315c907d819f6b9844fcef73faf20297f88595de519b6f89ef718ca83d50624",
        27_002_533, 0x79296E0D,
    ),
    "apt-12.6-armv7": (
        "c1bec04310f9c1bb4bb0b8f62f508e20e3f2b824b96f921ec62a46731705ab3b",
        "5520ddf77625441f77049f33edbdad082c0eeb6183d5876b359275c5fa2904ba",
        8_539_357, 0x0FE0387E,
    ),
    "debian-12.5-armv7": (
        "c40ca8442c11ec0d7809f7bc050b827153a731fe7a69cb806f60c53546b62ed0",
        "77a29f3da9a2b245768f673a5fee175eb689b363baf465563ddd785fd5e3f484",
        27_002_533, 0xF17A4005,
    ),
    "apt-12.5-armv7": (
        "b2211695c5982a60f1548a353811ffe8d09298d684e4af1707aab81f76e0b363",
        "344c82ffee2a0c889099180247c6f894d703d43fd42bee1ef45b8b66cde5deb6",
        8_539_357, 0xA42127B1,
    ),
    "node-20.15.0-armv7": (
        "9b917d5d58c9518293a5d29f7e8fc653d148ef3d06a25cf3f66b5ff97c4c2b23",
        "99677297b5909ac20a81fd9a8347e8b1dee3058dfbd9f3d4ef8bf9c2f9fa8e7b",
        7_351_909, 0x874EFD81,
    ),
    "node-18.20.3-armv7": (
        "936501949d6282d50a88bae5f6fd8f3e9c46a2830507bd2858190e15b2bba0fd",
        "fee86e3de863f55a62bb2199b1cb5b6e3c5a3a4902c053add17955d124ec131b",
        7_351_909, 0xD34B1C1B,
    ),
    "alpine-3.20.3-armv7": (
        "5ee016246b6a3eb50e5b9906b2524688220336ca521122ea06ec8f642ae9d08b",
        "e831a47656a24b0d4379df4f8438534fc494cac87b08c5fdb857b272b0d5722f",
        3_323_720, 0xFF7F9599,
    ),
    "alpine-3.19.4-armv7": (
        "22c9a5cace094fd63a551b057909405750f8a306ad0ffc9f9898bb0e6d272baa",
        "b17a96d968394d228f5f4c95b681c1457a6cb29699cf7c08f861f900d9021fd6",
        3_323_720, 0x91E4A54A,
    ),
    "dist-2.14.1": (
        "d3346ecfb42310824848c1733f3b33d4f96432020a110eae9d3b6cabb7501c1c",
        "7817d8c7e791f188708232ce81576b2fd28edf2565cad21e2880274525c3451c",
        2_803_881, 0xDE50726C,
    ),
    "package-2.14.1": (
        "b5533b454fb2e105a43e122dc2cb2523a55038df5cc4f4225d53d78cdcd22d32",
        "3f2a7bfa82c3d57e6d44c8319802642e7b8c780dd63665fa1e66d31ad8e59a59",
        121_372, 0xECF0DD17,
    ),
    "dist-2.14.0": (
        "5047dd1becf37d2487a8eba97b0a41adedac02722b01498da13f5dd8f5c57ef4",
        "4190141d870f224651012e0a35b17d9e48acadb2cb8215b680a6b2cffda6fd2c",
        2_868_908, 0x385E859C,
    ),
    "package-2.14.0": (
        "80de5d6c6840d6b2e0e93d63b71abb7dbd6edff3339575bf039eef8709835d66",
        "552a1adc3915e496e44a290d1fc725eb39198e918127f2df8ebf24872e3034ba",
        121_372, 0x162FAF13,
    ),
    "dist-3.0.0-rc.2": (
        "0e79f72e7fde863c79dbeadbb6cc1370e49233892ca5dd880c52a4ed5acaae81",
        "9edff9bc12d574554a727282f69a71805fda0a73132f980a596bbc51acc26a80",
        2_933_935, 0x5D62FCE1,
    ),
    "package-3.0.0-rc.2": (
        "8a8168ff0343d68ad8788a0e37b88e511c2f52292c717d81428a73e6f3bd560e",
        "09293b4df7e5c87f9d021af223f39b2427eef89a317a527ffe2e24f89771709d",
        120_860, 0x67AB6481,
    ),
    "dist-main": (
        "767f4ba0801ad57af926c7dcaa8533fe59d97e5c64d0c0825f848de59d281a38",
        "4a2139a81ee840dd8a5025169edd001c26827d65f8773b2a2329546b58a1ea34",
        2_803_881, 0xAC6DDE58,
    ),
    "package-main": (
        "3fa6803a214f02afff2a8c029cc3598cfd36966b3602bf61ed1155153d5be5e9",
        "120960de8fd54eb87e90874ea849de6584d46440b0b2f0b2fea3803c25ef2fd1",
        120_860, 0xA769DD3A,
    ),
    "dist-nightly": (
        "e77dacb1c44e0231ce3ac42c66192c7b61397fb3763435346acd386941a72209",
        "3b2a2de1b4506ee26922fd138d71a041dbf61f8f567cc3e0a21f905f0b12b1a3",
        2_868_908, 0x3B892C31,
    ),
    "package-nightly": (
        "c7904173cb6ca91fb7e6568acff8d894558085a2ed4e6888f44dbbed4414d2f3",
        "943c668932ef948906337fa37395e682f32c459320ed052491b92dfe33523538",
        120_348, 0xC86344F5,
    ),
    "dist-old-a": (
        "02899e6c70d6ef09ccad866bb579ff1916f17822079155b582fe99ce27c99f0a",
        "21cecab0110e6591b80362530474e441c7bd30eb3114adad6200656b8bdaca7f",
        2_933_935, 0x2AE56CC9,
    ),
    "package-old-a": (
        "23b70499ddaad8d0e57d6b5d183f54d024d5fcace7cd719d41b7a61363e85cb0",
        "94f4304da9aa478dc41a56a12861d7c8e9d1e254421cea3792cc92e7f0e72c2a",
        120_348, 0x0F48C2A6,
    ),
    "dist-old-b": (
        "6001f2f094de0c2256bf6e4bb841388756ecdf5756ecc52428f9247c1af41bb9",
        "5fb7b3b2adb88052fd7a54908eec60cfe5a026825ddff475048821e4f4c0adb2",
        2_803_881, 0x62A100F3,
    ),
    "package-old-b": (
        "da77b8c61df616a7b82981398b9fc6d8cac409c246c2efb76f032c74313de0c9",
        "dfa8baaa3307149f9944185b697405c02ea8acbe5be5cc3b17de613a7cc5e8f7",
        119_836, 0x9C9C321F,
    ),
    "dist-old-c": (
        "aa7ee7ef1e926e03e23349d158cf2cc85c6b3f1eaf80f4afa21039028f135167",
        "05badc70438ec1164b5bfea4878c0bf468a0a93b8dfa677c558822ed35f0443c",
        2_868_908, 0x02EDEE9D,
    ),
    "package-old-c": (
        "a09c2c2e176cceca098178d5469b09a5452e5a9c47bd9ca897d574c21b980c0a",
        "8f05e2d8b845241852778af9e0c895f3e3c9ab3a97cf0624eb021d85a6c1feea",
        119_836, 0xE71DFD96,
    ),
    "dist-old-d": (
        "4ffb8f8e3dcf6a8f2051303eefba0e8ab55d28c3a4f36945fe69ff2f23f8ed69",
        "eeadeecac4049113953c21a1b807a57cbfbec477d71de5d18a57ddfffcab26e8",
        2_933_935, 0x99C1FA7A,
    ),
    "package-old-d": (
        "9759d77f1fcbaff8bcbe9e3c4773806c01e31cd69fe95d9be9545be7febe646e",
        "e8c6ab90a92c4062d91b567a171162275b24803005f4feeced0d0620b53ed465",
        119_324, 0xE3FC38CF,
    ),
    "windows-base": (
        "4b8e8106dd6d3ebb156d344718f6480e99e73c4c80347c5bbe6557104ac7cb8e",
        "3199452c31b30061e16cd9bea8c3327cc62d8cd755f50a388d593e23ba4fdc0f",
        1_741_156_658, 0xFAC9970A,
    ),
    "windows-update": (
        "bab01195cbe1535a1b9bee13d1cf77fadcb5251ad4065af2e3967d259b31f60f",
        "397d824fd09a377a987dbbff934b710e95ff43b9a8c27fe4e003f27cb7f22aa5",
        272_473_596, 0xC55D34BE,
    ),
    "windows-app": (
        "f95b47ed2e8ec02b1a3c9c7576e9749fdb15a4c870502843c017c0d17eacef3a",
        "302f8230ec2590e4cf7451a87025f06a81e379b5828ec64f82ab11863f7e7c5e",
        32_389_093, 0xB95BE540,
    ),
    "tools": (
        "2533cd87f50a666db4be5b196ab166077f91b23f3a5cbf8464d69dd82caff469",
        "0e0d531ffb3109794a98d6519f2e2bbaf26938102e42bb69f2f66794054ddc82",
        717_405, 0x37A19E49,
    ),
    "notes": (
        "20d94eda61ce1d73f81ba89a296af5d2ed1e40984b5bbe0c8c7811e5f5bd5aad",
        "2cec3b64902889b66f1d270c09e53a0559fe2b6ad45e98287cbbeb2cec65b99a",
        138, 0x52D71DA0,
    ),
    "hostile": (
        "7bbba60098e8b895c9c4c6cf6059a08423cb6496805470c3ff91fd1672e9c878",
        "ba4e12bd36d11f16074fd0bc47e4fa5a21061863b706bbb7ff966ee47d484062",
        8_772, 0xCF1A8212,
    ),
}
