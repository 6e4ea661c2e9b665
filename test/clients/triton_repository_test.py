"""Triton's own Python client manages a model repository of Shoal's, over HTTP and gRPC.

The server of SHOAL_URL and SHOAL_GRPC has the example model repository in control mode explicit,
with nothing loaded. The graph of its model "bare" lies in SHOAL_REPOSITORY.
"""

import json
import os
import queue
import time
import unittest

import numpy as np
import tritonclient.grpc as grpcclient
import tritonclient.http as httpclient
from tritonclient.utils import InferenceServerException, np_to_triton_dtype

FOUR = np.array([[1, 2, 3, 4]], dtype=np.float32)
FAILED = "load failed for model 'uploaded': version 1 is at UNAVAILABLE state: "


def tensors(module, **values):
    made = []
    for name, value in values.items():
        infer_input = module.InferInput(name, value.shape, np_to_triton_dtype(value.dtype))
        infer_input.set_data_from_numpy(value)
        made.append(infer_input)
    return made


def graph(model, version=1):
    path = os.path.join(os.environ["SHOAL_REPOSITORY"], model, str(version), "model.onnx")
    with open(path, "rb") as file:
        return file.read()


class Managing:
    """What both protocols can, with the same words."""

    def tearDown(self):
        for name in {entry["name"] for entry in self.index(ready=True)}:
            self.client.unload_model(name)
        self.settled()
        self.client.close()

    def settled(self):
        """The index when no version is on its way out any more: an unload is answered before."""
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            index = self.index()
            if all(entry.get("state") != "UNLOADING" for entry in index):
                return index
        self.fail("a model does not unload")

    def states(self, name):
        entries = [entry for entry in self.settled() if entry["name"] == name]
        return [
            (entry.get("version", ""), entry.get("state", ""), entry.get("reason", ""))
            for entry in entries
        ]

    def refused(self, call, *args, **options):
        with self.assertRaises(InferenceServerException) as caught:
            call(*args, **options)
        return caught.exception

    def ready(self, name, version=""):
        """HTTP's client makes a false of every error, gRPC's does not."""
        try:
            return self.client.is_model_ready(name, version)
        except InferenceServerException as error:
            self.assertEqual(error.status(), "StatusCode.NOT_FOUND")
            return False

    def upload(self, files):
        self.client.load_model("uploaded", config='{"backend":"onnxruntime"}', files=files)

    def test_explicit_control_loads_nothing_by_itself(self):
        self.assertTrue(self.client.is_server_live())
        self.assertTrue(self.client.is_server_ready())
        self.assertEqual(self.index(ready=True), [])
        self.assertFalse(self.ready("bare"))
        error = self.refused(self.client.infer, "bare", tensors(self.module, a=FOUR))
        self.assertTrue(error.message().startswith("Request for unknown model: 'bare'"))

    def test_the_index_names_what_could_be_loaded(self):
        names = [entry["name"] for entry in self.index()]
        self.assertEqual(names, sorted(names))
        folders = sorted(os.listdir(os.environ["SHOAL_REPOSITORY"]))
        self.assertEqual([name for name in folders if name not in names], [])

    def test_loads_and_unloads(self):
        self.client.load_model("versions_latest")
        self.assertEqual(
            self.states("versions_latest"), [("2", "READY", ""), ("3", "READY", "")]
        )
        self.assertTrue(self.ready("versions_latest"))
        self.assertTrue(self.ready("versions_latest", "2"))
        self.assertFalse(self.ready("versions_latest", "1"))
        self.assertEqual(self.metadata("versions_latest")["versions"], ["2", "3"])
        for version, addend in (("2", 2), ("3", 3), ("", 3)):
            result = self.client.infer(
                "versions_latest", tensors(self.module, x=FOUR), model_version=version
            )
            np.testing.assert_array_equal(result.as_numpy("y"), FOUR + addend)
        self.client.unload_model("versions_latest")
        self.assertEqual(
            self.states("versions_latest"),
            [("2", "UNAVAILABLE", "unloaded"), ("3", "UNAVAILABLE", "unloaded")],
        )
        error = self.refused(self.client.infer, "versions_latest", tensors(self.module, x=FOUR))
        self.assertEqual(
            error.message(), "Request for unknown model: 'versions_latest' has no available versions"
        )

    def test_load_again_changes_nothing(self):
        self.client.load_model("bare")
        self.client.load_model("bare")
        self.assertEqual(self.states("bare"), [("1", "READY", "")])

    def test_configuration_and_metadata_as_completed(self):
        self.client.load_model("bare")
        config = self.config("bare")
        self.assertEqual(
            (config["name"], config["platform"], config["backend"], config["max_batch_size"]),
            ("bare", "onnxruntime_onnx", "onnxruntime", 4),
        )
        self.assertEqual([one["name"] for one in config["input"]], ["a", "b"])
        self.assertEqual([one["data_type"] for one in config["output"]], ["TYPE_FP32"] * 2)
        self.assertEqual([int(dim) for dim in config["input"][0]["dims"]], [16])
        self.assertIn("dynamic_batching", config)
        metadata = self.metadata("bare")
        self.assertEqual(metadata["platform"], "onnxruntime_onnx")
        self.assertEqual(
            [(one["name"], one["datatype"], [int(dim) for dim in one["shape"]])
             for one in metadata["inputs"]],
            [("a", "FP32", [-1, 16]), ("b", "FP32", [-1, 16])],
        )

    def test_load_with_a_configuration(self):
        self.client.load_model("bare", config=json.dumps({"max_batch_size": 2}))
        self.assertEqual(self.config("bare")["max_batch_size"], 2)
        # It stays while the files do.
        self.client.load_model("bare")
        self.assertEqual(self.config("bare")["max_batch_size"], 2)
        self.client.unload_model("bare")
        self.settled()
        self.client.load_model("bare")
        self.assertEqual(self.config("bare")["max_batch_size"], 4)

    def test_load_with_files(self):
        config = json.dumps({"backend": "onnxruntime", "version_policy": {"all": {}}})
        files = {
            "file:1/model.onnx": graph("versions_all", 1),
            "file:7/model.onnx": graph("versions_all", 3),
        }
        self.client.load_model("uploaded", config=config, files=files)
        self.assertEqual(self.states("uploaded"), [("1", "READY", ""), ("7", "READY", "")])
        result = self.client.infer("uploaded", tensors(self.module, x=FOUR), model_version="7")
        np.testing.assert_array_equal(result.as_numpy("y"), FOUR + 3)
        # A plain load returns to the repository, where there is none.
        self.refused(self.client.load_model, "uploaded")

    def test_loads_that_fail(self):
        poll = "failed to load '{}', failed to poll from model repository"
        graphs = {"file:1/model.onnx": graph("versions_all")}
        cases = [
            ("nobody", {}, poll.format("nobody")),
            ("bare", {"config": "no JSON"}, poll.format("bare")),
            ("bare", {"config": '{"max_batch_sise": 1}'}, poll.format("bare")),
            ("uploaded", {"config": "{}", "files": {"file:../x": b""}}, poll.format("uploaded")),
            ("uploaded", {"config": "{}", "files": {"file:1/model.onnx": b"no graph"}}, FAILED),
            (
                "uploaded",
                {"config": '{"version_policy":{"specific":{"versions":[2]}}}', "files": graphs},
                "load failed for model 'uploaded': at least one version must be available",
            ),
            (
                "bare",
                {"config": '{"input":[{"name":"c","data_type":"TYPE_FP32","dims":[16]}],'
                 '"output":[{"name":"sum","data_type":"TYPE_FP32","dims":[16]}]}'},
                FAILED.replace("uploaded", "bare"),
            ),
        ]
        for name, options, text in cases:
            with self.subTest(name=name, **options):
                error = self.refused(self.client.load_model, name, **options)
                self.assertEqual(error.message()[: len(text)], text)
        # Files without a configuration are refused by the client itself, or by the server.
        self.refused(self.client.load_model, "uploaded", files=graphs)
        self.assertFalse(self.ready("bare"))
        # The server is not ready until what failed to load has been loaded.
        self.client.load_model("bare")
        self.assertFalse(self.client.is_server_ready())
        self.upload(graphs)
        self.assertTrue(self.client.is_server_ready())

    def test_a_failed_reload_leaves_the_old_one_serving(self):
        self.client.load_model("versions_all")
        self.refused(self.client.load_model, "versions_all", config='{"max_batch_size": -1}')
        result = self.client.infer("versions_all", tensors(self.module, x=FOUR))
        np.testing.assert_array_equal(result.as_numpy("y"), FOUR + 3)

    def test_unloading_what_is_not_loaded_succeeds(self):
        self.client.unload_model("nobody")
        self.client.unload_model("bare")

    def test_classification(self):
        self.client.load_model("classifier")
        pixels = np.array([[1, 3, 2, 0], [9, 8, 7, 10]], dtype=np.float32)
        outputs = [self.module.InferRequestedOutput("scores", class_count=3)]
        result = self.client.infer(
            "classifier", tensors(self.module, pixels=pixels), outputs=outputs
        )
        self.assertEqual(
            [[text.decode() for text in row] for row in result.as_numpy("scores")],
            [
                ["3.000000:1:eel", "2.000000:2:haddock", "1.000000:0:cod"],
                ["10.000000:3", "9.000000:0:cod", "8.000000:1:eel"],
            ],
        )

    def test_a_classifier_by_others(self):
        self.client.load_model("text_angle")
        image = np.ones((2, 3, 48, 192), dtype=np.float32)
        name = "softmax_0.tmp_0"
        inputs = tensors(self.module, x=image)
        outputs = [self.module.InferRequestedOutput(name, class_count=1)]
        scores = self.client.infer("text_angle", inputs).as_numpy(name)
        classes = self.client.infer("text_angle", inputs, outputs=outputs).as_numpy(name)
        self.assertEqual(classes.shape, (2, 1))
        for row, (text,) in zip(scores, classes):
            value, index, label = text.decode().split(":")
            self.assertEqual(int(index), int(np.argmax(row)))
            self.assertEqual(label, ["0 degrees", "180 degrees"][int(index)])
            self.assertAlmostEqual(float(value), float(np.max(row)), places=6)

    def test_one_of_a_thousand(self):
        self.client.load_model("thousand")
        picture = np.full((1, 3, 8, 8), 2, dtype=np.float32)
        outputs = [self.module.InferRequestedOutput("scores", class_count=3)]
        result = self.client.infer(
            "thousand", tensors(self.module, data_0=picture), outputs=outputs
        )
        self.assertEqual(
            [text.decode() for text in result.as_numpy("scores")[0]],
            ["31.218750:857:n857", "31.187500:714:n714: fish, or ø", "31.156250:571:n571"],
        )

    def test_an_ensemble(self):
        self.client.load_model("blended")
        ready = {entry["name"] for entry in self.index(ready=True)}
        self.assertEqual(ready, {"blend", "blended", "classifier"})
        outputs = [self.module.InferRequestedOutput("SCORES", class_count=1)]
        a = np.array([[0, 2, 0, 0]], dtype=np.float32)
        result = self.client.infer(
            "blended", tensors(self.module, A=a, B=FOUR), outputs=outputs
        )
        self.assertEqual(result.as_numpy("SCORES")[0][0], b"4.000000:1:eel")
        self.assertEqual(self.config("blended")["platform"], "ensemble")
        steps = self.config("blended")["ensemble_scheduling"]["step"]
        self.assertEqual([step["model_name"] for step in steps], ["blend", "classifier"])
        for name in ("blend", "classifier", "blended"):
            self.assertEqual(int(self.statistics(name)["inference_count"]), 1)
        # What is gone from below takes it down.
        self.client.unload_model("blend")
        self.settled()
        self.assertFalse(self.ready("blended"))
        self.assertTrue(self.ready("classifier"))

    def test_unloads_with_dependents(self):
        for with_dependents, left in ((False, {"blend", "classifier"}), (True, {"classifier"})):
            self.client.load_model("classifier")
            self.client.load_model("blended")
            self.client.unload_model("blended", unload_dependents=with_dependents)
            self.settled()
            self.assertEqual({entry["name"] for entry in self.index(ready=True)}, left)

    def test_steps_side_by_side_of_pinned_versions(self):
        self.client.load_model("diamond")
        result = self.client.infer("diamond", tensors(self.module, X=FOUR))
        np.testing.assert_array_equal(result.as_numpy("SUM"), 2 * FOUR + 4)
        np.testing.assert_array_equal(result.as_numpy("DIFFERENCE"), 0 * FOUR - 2)

    def test_statistics(self):
        self.client.load_model("versions_latest")
        for _ in range(3):
            self.client.infer("versions_latest", tensors(self.module, x=FOUR), model_version="3")
        deadline = time.monotonic() + 30
        while int(self.statistics("versions_latest", "3")["inference_count"]) < 3:
            self.assertLess(time.monotonic(), deadline)
        statistics = self.statistics("versions_latest", "3")
        self.assertEqual(int(statistics["inference_count"]), 3)
        self.assertEqual(int(statistics["inference_stats"]["success"]["count"]), 3)
        self.assertEqual(int(self.statistics("versions_latest", "2").get("inference_count", 0)), 0)

    def test_warm_up_and_reshaping(self):
        self.client.load_model("warmed")
        self.client.load_model("reshaped")
        square = np.array([[[1, 2], [3, 4]]], dtype=np.float32)
        result = self.client.infer("reshaped", tensors(self.module, x=square))
        np.testing.assert_array_equal(result.as_numpy("y"), square)
        warmups = self.config("warmed")["model_warmup"]
        self.assertEqual(len(warmups), 3)
        self.assertEqual(warmups[0]["inputs"]["x"]["input_data_file"], "ones")

    def test_optional_inputs(self):
        self.client.load_model("optional_input")
        one, three = (np.array([value], dtype=np.int32) for value in (1, 3))
        for values, expected in (
            ({"INPUT0": one, "INPUT1": three}, 4),
            ({"INPUT0": one}, 1),
        ):
            result = self.client.infer("optional_input", tensors(self.module, **values))
            self.assertEqual(result.as_numpy("OUTPUT0")[0], expected)


class HttpClient(Managing, unittest.TestCase):
    module = httpclient

    def setUp(self):
        self.client = httpclient.InferenceServerClient(os.environ["SHOAL_URL"])

    def index(self, ready=False):
        index = self.client.get_model_repository_index()
        # The client cannot ask for the ready ones alone.
        return [entry for entry in index if not ready or entry.get("state") == "READY"]

    def config(self, name):
        return self.client.get_model_config(name)

    def metadata(self, name):
        return self.client.get_model_metadata(name)

    def statistics(self, name, version=""):
        (statistics,) = self.client.get_inference_statistics(name, version)["model_stats"]
        return statistics

    def test_statuses(self):
        self.assertEqual(self.refused(self.client.load_model, "nobody").status(), "500")
        files = {"file:1/model.onnx": b"no graph"}
        error = self.refused(self.client.load_model, "uploaded", config="{}", files=files)
        self.assertEqual(error.status(), "400")
        self.upload({"file:1/model.onnx": graph("versions_all")})
        self.assertEqual(self.refused(self.client.get_model_config, "nobody").status(), "404")


class GrpcClient(Managing, unittest.TestCase):
    module = grpcclient

    def setUp(self):
        self.client = grpcclient.InferenceServerClient(os.environ["SHOAL_GRPC"])

    def index(self, ready=False):
        index = self.client.get_model_repository_index(as_json=True).get("models", [])
        return [entry for entry in index if not ready or entry.get("state") == "READY"]

    def config(self, name):
        return self.client.get_model_config(name, as_json=True)["config"]

    def metadata(self, name):
        return self.client.get_model_metadata(name, as_json=True)

    def statistics(self, name, version=""):
        answer = self.client.get_inference_statistics(name, version, as_json=True)
        (statistics,) = answer["model_stats"]
        return statistics

    def test_statuses(self):
        error = self.refused(self.client.load_model, "nobody")
        self.assertEqual(error.status(), "StatusCode.INTERNAL")
        files = {"file:1/model.onnx": b"no graph"}
        error = self.refused(self.client.load_model, "uploaded", config="{}", files=files)
        self.assertEqual(error.status(), "StatusCode.INVALID_ARGUMENT")
        self.upload({"file:1/model.onnx": graph("versions_all")})
        error = self.refused(self.client.get_model_config, "nobody")
        self.assertEqual(error.status(), "StatusCode.NOT_FOUND")

    def test_streams_of_the_example_backends(self):
        self.client.load_model("repeat_int32")
        self.client.load_model("square_int32")
        answers = queue.Queue()
        self.client.start_stream(lambda result, error: answers.put((result, error)))
        values = np.array([7, 8, 9], dtype=np.int32)
        delays, wait = np.array([1, 1, 1], dtype=np.uint32), np.array([0], dtype=np.uint32)
        inputs = tensors(grpcclient, IN=values, DELAY=delays, WAIT=wait)
        self.client.async_stream_infer("repeat_int32", inputs, request_id="r")
        for index, value in enumerate(values):
            result, error = answers.get(timeout=30)
            self.assertIsNone(error)
            self.assertEqual(result.get_response().id, "r")
            self.assertEqual(
                (result.as_numpy("OUT")[0], result.as_numpy("IDX")[0]), (value, index)
            )
        inputs = tensors(grpcclient, IN=np.array([2], dtype=np.int32))
        self.client.async_stream_infer(
            "square_int32", inputs, enable_empty_final_response=True
        )
        finals = []
        while not finals or not finals[-1]:
            result, error = answers.get(timeout=30)
            self.assertIsNone(error)
            finals.append(result.get_response().parameters["triton_final_response"].bool_param)
        self.assertIn(len(finals), (2, 3))
        error = self.refused(self.client.infer, "square_int32", inputs)
        self.assertIn("doesn't support models with decoupled transaction policy", error.message())
        self.client.stop_stream()


if __name__ == "__main__":
    unittest.main(verbosity=2)
