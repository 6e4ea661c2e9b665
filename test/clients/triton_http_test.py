"""Triton's own Python client against Shoal, over HTTP, and Prometheus' own reader of metrics.

The addresses are in SHOAL_URL and SHOAL_METRICS_URL.
"""

import asyncio
import os
import unittest
from urllib.request import urlopen

import ml_dtypes
import numpy as np
import tritonclient.http as httpclient
import tritonclient.http.aio as aioclient
from prometheus_client.parser import text_string_to_metric_families
from tritonclient.utils import InferenceServerException, np_to_triton_dtype
from values import EXTREMES

URL = os.environ["SHOAL_URL"]


def requested(name, values, binary):
    infer_input = httpclient.InferInput("INPUT0", values.shape, np_to_triton_dtype(values.dtype))
    infer_input.set_data_from_numpy(values, binary_data=binary)
    return infer_input


class HttpClient(unittest.TestCase):
    def setUp(self):
        self.client = httpclient.InferenceServerClient(URL, concurrency=8)

    def tearDown(self):
        self.client.close()

    def identity(self, name, values, binary_in, binary_out, **options):
        outputs = [httpclient.InferRequestedOutput("OUTPUT0", binary_data=binary_out)]
        inputs = [requested(name, values, binary_in)]
        result = self.client.infer(f"identity_{name}", inputs, outputs=outputs, **options)
        return result.as_numpy("OUTPUT0")

    def test_every_datatype_both_ways(self):
        for name, values in EXTREMES.items():
            for binary_in in (True, False):
                for binary_out in (True, False):
                    if name == "fp16" and not (binary_in and binary_out):
                        continue
                    with self.subTest(name=name, binary_in=binary_in, binary_out=binary_out):
                        got = self.identity(name, values, binary_in, binary_out)
                        if name == "bytes":
                            got = np.vectorize(
                                lambda item: item.decode() if isinstance(item, bytes) else item,
                                otypes=[np.object_],
                            )(got)
                        np.testing.assert_array_equal(got, values)

    def test_bf16(self):
        values = np.array([[1.5, -2.0, 0.0]], dtype=ml_dtypes.bfloat16)
        infer_input = httpclient.InferInput("INPUT0", values.shape, "BF16")
        infer_input.set_data_from_numpy(values, binary_data=True)
        outputs = [httpclient.InferRequestedOutput("OUTPUT0", binary_data=True)]
        result = self.client.infer("identity_bf16", [infer_input], outputs=outputs)
        np.testing.assert_array_equal(result.as_numpy("OUTPUT0"), values)

    def test_fp16_in_json_is_refused(self):
        with self.assertRaises(InferenceServerException):
            self.identity("fp16", EXTREMES["fp16"], True, False)

    def test_megabytes(self):
        values = np.random.default_rng(1).standard_normal((1, 150_528), dtype=np.float32)
        for binary in (True, False):
            np.testing.assert_array_equal(self.identity("fp32", values, binary, binary), values)

    def test_compression_both_ways(self):
        values = np.zeros((1, 10_000), dtype=np.float32)
        for algorithm in ("gzip", "deflate"):
            got = self.identity(
                "fp32",
                values,
                True,
                True,
                request_compression_algorithm=algorithm,
                response_compression_algorithm=algorithm,
            )
            np.testing.assert_array_equal(got, values)

    def test_raw_request(self):
        values = np.arange(5, dtype=np.float32)
        result = httpclient.InferenceServerClient.parse_response_body
        response = self.client._post(
            request_uri="v2/models/identity_fp32/infer",
            request_body=values.tobytes(),
            headers={"Inference-Header-Content-Length": "0"},
            query_params=None,
        )
        length = int(response.get("inference-header-content-length"))
        got = result(response.read(), header_length=length).as_numpy("OUTPUT0")
        np.testing.assert_array_equal(got, [values])

    def test_ids_parameters_priority_and_outputs(self):
        a = np.arange(16, dtype=np.int32).reshape(1, 16)
        inputs = []
        for name in ("INPUT0", "INPUT1"):
            infer_input = httpclient.InferInput(name, a.shape, "INT32")
            infer_input.set_data_from_numpy(a)
            inputs.append(infer_input)
        result = self.client.infer(
            "add_sub",
            inputs,
            outputs=[httpclient.InferRequestedOutput("OUTPUT1")],
            request_id="seven",
            model_version="1",
            priority=1,
            timeout=1_000_000,
            parameters={"note": "kept", "count": 3, "is": True},
        )
        answer = result.get_response()
        self.assertEqual(answer["id"], "seven")
        self.assertEqual((answer["model_name"], answer["model_version"]), ("add_sub", "1"))
        self.assertEqual([output["name"] for output in answer["outputs"]], ["OUTPUT1"])
        np.testing.assert_array_equal(result.as_numpy("OUTPUT1"), np.zeros_like(a))
        self.assertIsNone(result.as_numpy("OUTPUT0"))

    def test_concurrent_requests_share_a_batch(self):
        infer_input = httpclient.InferInput("INPUT0", [1, 1], "FP32")
        infer_input.set_data_from_numpy(np.zeros((1, 1), dtype=np.float32))
        pending = [self.client.async_infer("patient", [infer_input]) for _ in range(8)]
        rows = [int(request.get_result().as_numpy("ROWS")[0][0]) for request in pending]
        self.assertEqual(len(rows), 8)
        self.assertGreater(max(rows), 1)

    def test_asyncio(self):
        async def run():
            values = np.arange(16, dtype=np.int32).reshape(1, 16)
            inputs = []
            for name in ("INPUT0", "INPUT1"):
                infer_input = aioclient.InferInput(name, values.shape, "INT32")
                infer_input.set_data_from_numpy(values)
                inputs.append(infer_input)
            async with aioclient.InferenceServerClient(URL) as client:
                self.assertTrue(await client.is_server_ready())
                results = await asyncio.gather(*(client.infer("add_sub", inputs) for _ in range(20)))
                for result in results:
                    np.testing.assert_array_equal(result.as_numpy("OUTPUT0"), 2 * values)

        asyncio.run(run())

    def test_health_and_metadata(self):
        self.assertTrue(self.client.is_server_live())
        self.assertTrue(self.client.is_server_ready())
        self.assertTrue(self.client.is_model_ready("add_sub"))
        self.assertTrue(self.client.is_model_ready("add_sub", "1"))
        self.assertFalse(self.client.is_model_ready("nobody"))
        server = self.client.get_server_metadata()
        self.assertEqual(set(server), {"name", "version", "extensions"})
        model = self.client.get_model_metadata("add_sub")
        self.assertEqual(model["versions"], ["1"])
        self.assertEqual(
            model["inputs"][0], {"name": "INPUT0", "datatype": "INT32", "shape": [-1, 16]}
        )
        config = self.client.get_model_config("add_sub")
        self.assertEqual((config["name"], config["max_batch_size"]), ("add_sub", 32))
        self.assertEqual(config["input"][0]["data_type"], "TYPE_INT32")

    def test_index_and_statistics(self):
        index = self.client.get_model_repository_index()
        self.assertIn(
            {"name": "add_sub", "version": "1", "state": "READY"},
            [{key: entry[key] for key in ("name", "version", "state")} for entry in index],
        )
        self.identity("int8", EXTREMES["int8"], True, True)
        (statistics,) = self.client.get_inference_statistics("identity_int8")["model_stats"]
        self.assertGreaterEqual(statistics["inference_count"], 1)
        self.assertGreaterEqual(statistics["inference_stats"]["success"]["count"], 1)
        self.assertGreaterEqual(statistics["inference_stats"]["success"]["ns"], 1)
        names = {entry["name"] for entry in self.client.get_inference_statistics()["model_stats"]}
        self.assertIn("patient", names)

    def test_errors_have_their_texts_and_statuses(self):
        values = np.zeros((1, 1), dtype=np.float32)
        cases = [
            ("fails", values, "400", "never with this model"),
            ("nobody", values, "404", "Request for unknown model: 'nobody' is not found"),
            ("fails", np.zeros((1, 2), dtype=np.float32), "400", "unexpected shape for input"),
            ("fails", np.zeros((1, 1), dtype=np.int32), "400", "data-type is 'INT32'"),
            ("fails", np.zeros((33, 1), dtype=np.float32), "400", "batch-size must be <= 32"),
        ]
        for name, data, status, text in cases:
            with self.subTest(text=text), self.assertRaises(InferenceServerException) as caught:
                self.client.infer(name, [requested(name, data, True)])
            self.assertEqual(caught.exception.status(), status)
            self.assertIn(text, caught.exception.message())

    def test_metrics_read_by_prometheus(self):
        self.identity("uint8", EXTREMES["uint8"], True, True)
        with urlopen(f"http://{os.environ['SHOAL_METRICS_URL']}/metrics") as response:
            families = list(text_string_to_metric_families(response.read().decode()))
        names = [family.name for family in families]
        self.assertEqual(len(names), len(set(names)))
        self.assertTrue(all(family.documentation and family.type for family in families))
        samples = {
            sample.labels["model"]: sample.value
            for family in families
            for sample in family.samples
            if sample.name in ("nv_inference_count", "nv_inference_count_total")
        }
        self.assertGreaterEqual(samples["identity_uint8"], 1)

    def test_loading_is_refused(self):
        with self.assertRaises(InferenceServerException):
            self.client.load_model("add_sub")


if __name__ == "__main__":
    unittest.main(verbosity=2)
